import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { CounterFamily, HistogramFamily } from './families.ts';
import type {
  BatchObservation,
  ClusterRoutes,
  MemberAsked,
  Metrics,
  ReplicaAsked,
  RequestObservation,
  VersionStates,
} from './metrics.ts';

/** The label of what a request did not name, or named wrongly. */
const unknown = '_unknown';

/** Seconds; from a cached answer of a small model to the default deadline of a request. */
const requestBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const stageBuckets = [0.00001, 0.0001, 0.00025, 0.0005, ...requestBuckets];
const batchBuckets = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/** Metrics of one server in a registry of its own, with those of the process (memory, CPU, event loop delay, GC). */
export function createMetrics(): Metrics {
  const register = new Registry();
  collectDefaultMetrics({ register });
  return new PrometheusMetrics(register);
}

class PrometheusMetrics implements Metrics {
  readonly #register: Registry;
  readonly #requests = new CounterFamily({
    name: 'countersign_requests_total',
    help: 'Requests answered, by HTTP status code.',
    labelNames: ['model', 'version', 'route', 'code'],
  });
  readonly #durations = new HistogramFamily({
    name: 'countersign_request_duration_seconds',
    help: 'Time from the request to the end of its answer.',
    labelNames: ['model', 'route'],
    buckets: requestBuckets,
  });
  readonly #stages = new HistogramFamily({
    name: 'countersign_stage_duration_seconds',
    help: 'Time of one stage of a request.',
    labelNames: ['stage'],
    buckets: stageBuckets,
  });
  readonly #batchRequests = new HistogramFamily({
    name: 'countersign_batch_requests',
    help: 'Requests that shared a predict.',
    labelNames: ['model'],
    buckets: batchBuckets,
  });
  readonly #batchRows = new HistogramFamily({
    name: 'countersign_batch_rows',
    help: 'Rows of one predict.',
    labelNames: ['model'],
    buckets: batchBuckets,
  });
  readonly #members = new HistogramFamily({
    name: 'countersign_member_duration_seconds',
    help: 'Time of one call of a member of a composed model: answered, replaced or omitted (it failed), failed.',
    labelNames: ['model', 'member', 'outcome'],
    buckets: stageBuckets,
  });
  readonly #replicas = new CounterFamily({
    name: 'countersign_ray_requests_total',
    help: 'Requests that a replica answered: which one, and whether directly or through the proxy of Ray.',
    labelNames: ['model', 'way', 'replica'],
  });
  #routes: ClusterRoutes | null = null;
  #open = 0;
  readonly #loads: Counter<'model' | 'outcome'>;
  readonly #restarts: Counter<'model'>;

  constructor(register: Registry) {
    const registers = [register];
    this.#register = register;
    const inflight = new Gauge({
      name: 'countersign_inflight_requests',
      help: 'Requests that are not answered yet.',
      registers,
      collect: () => {
        inflight.set(this.#open);
      },
    });
    this.#loads = new Counter({
      name: 'countersign_loads_total',
      help: 'Loads of versions that ended: loaded, failed or stopped.',
      labelNames: ['model', 'outcome'],
      registers,
    });
    this.#restarts = new Counter({
      name: 'countersign_worker_restarts_total',
      help: 'Workers that were replaced.',
      labelNames: ['model'],
      registers,
    });
  }

  requestBegan(): void {
    this.#open++;
  }

  requestEnded({ model, version, route, status, durationMs }: RequestObservation): void {
    this.#open--;
    const name = model ?? unknown;
    this.#requests.of(name, version ?? unknown, route, String(status)).value++;
    this.#durations.of(name, route).observe(durationMs / 1000);
  }

  stage(name: string, durationMs: number): void {
    this.#stages.of(name).observe(durationMs / 1000);
  }

  batched({ model, requests, rows }: BatchObservation): void {
    this.#batchRequests.of(model).observe(requests);
    this.#batchRows.of(model).observe(rows);
  }

  memberAsked({ graph, member, outcome, durationMs }: MemberAsked): void {
    this.#members.of(graph, member, outcome).observe(durationMs / 1000);
  }

  replicaAsked({ model, way, replica }: ReplicaAsked): void {
    this.#replicas.of(model, way, replica ?? unknown).value++;
  }

  workerRestarted(model: string): void {
    this.#restarts.inc({ model });
  }

  watch(versions: VersionStates): void {
    this.#countVersions(versions);
    const loading = new Set<string>();
    versions.subscribe(({ model, version, state }) => {
      const key = `${version} ${model}`;
      if (state === 'loading') loading.add(key);
      else if (loading.delete(key)) this.#loads.inc({ model, outcome: outcomeOf(state) });
    });
  }

  watchCluster(routes: ClusterRoutes): void {
    this.#routes = routes;
    const registers = [this.#register];
    const ways = new Gauge<'application' | 'way' | 'reason'>({
      name: 'countersign_ray_way',
      help: 'The way in use to an application on the cluster, and why; always 1.',
      labelNames: ['application', 'way', 'reason'],
      registers,
      collect: () => {
        ways.reset();
        for (const { application, way, sentence } of routes.applications())
          ways.set({ application, way, reason: sentence }, 1);
      },
    });
    const loads = new Gauge<'application' | 'replica'>({
      name: 'countersign_ray_replica_loads',
      help: 'Loads of versions that began in a replica, by whomever they were asked for.',
      labelNames: ['application', 'replica'],
      registers,
      collect: () => {
        loads.reset();
        for (const { application, replicas } of routes.applications())
          for (const { id, loads: count } of replicas) loads.set({ application, replica: id }, count);
      },
    });
  }

  async render(): Promise<{ contentType: string; body: string }> {
    const families = [
      this.#requests,
      this.#durations,
      this.#stages,
      this.#batchRequests,
      this.#batchRows,
      this.#members,
      ...(this.#routes === null ? [] : [this.#replicas]),
    ];
    const ours = families.map((family) => `${family.render()}\n\n`).join('');
    return { contentType: this.#register.contentType, body: ours + (await this.#register.metrics()) };
  }

  #countVersions(versions: VersionStates): void {
    const gauge = new Gauge<'model' | 'state'>({
      name: 'countersign_versions',
      help: 'Versions by state.',
      labelNames: ['model', 'state'],
      registers: [this.#register],
      collect: () => {
        gauge.reset();
        for (const { model, state } of versions.statuses()) gauge.inc({ model, state });
      },
    });
  }
}

/** What a load came to, from the state that followed it. */
function outcomeOf(state: string): 'loaded' | 'failed' | 'stopped' {
  return state === 'available' ? 'loaded' : state === 'failed' ? 'failed' : 'stopped';
}
