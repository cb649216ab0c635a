import { describe, expect, test } from 'vitest';
import { createMetrics } from './create-metrics.ts';
import type { Metrics, VersionStates } from './metrics.ts';

/** The lines of one metric, without comments. */
async function lines(metrics: Metrics, name: string): Promise<readonly string[]> {
  const { body } = await metrics.render();
  return body.split('\n').filter((line) => line.startsWith(name));
}

/** A manager of which a test says the states. */
class States implements VersionStates {
  readonly #listeners: Parameters<VersionStates['subscribe']>[0][] = [];
  readonly #states = new Map<string, string>();

  become(version: string, state: string): void {
    this.#states.set(version, state);
    for (const listener of this.#listeners) listener({ model: 'm', version, state });
  }

  statuses(): ReturnType<VersionStates['statuses']> {
    return [...this.#states].map(([version, state]) => ({ model: 'm', version, state }));
  }

  subscribe(listener: Parameters<VersionStates['subscribe']>[0]): void {
    this.#listeners.push(listener);
  }
}

describe('metrics', () => {
  test('tell which replica of a cluster answered, which way, why that one, and how often it loaded', async () => {
    const metrics = createMetrics();
    metrics.watchCluster({
      applications: () => [
        {
          application: 'countersign-m',
          way: 'direct',
          sentence: 'directly to 1 replica',
          replicas: [{ id: 'abc', loads: 3 }],
        },
      ],
    });
    metrics.replicaAsked({ model: 'm', way: 'direct', replica: 'abc' });
    metrics.replicaAsked({ model: 'm', way: 'proxy', replica: null });
    expect(await lines(metrics, 'countersign_ray_')).toEqual([
      'countersign_ray_requests_total{model="m",way="direct",replica="abc"} 1',
      'countersign_ray_requests_total{model="m",way="proxy",replica="_unknown"} 1',
      'countersign_ray_way{application="countersign-m",way="direct",reason="directly to 1 replica"} 1',
      'countersign_ray_replica_loads{application="countersign-m",replica="abc"} 3',
    ]);
  });

  test('count requests by model, version, route and status, and time them', async () => {
    const metrics = createMetrics();
    const request = { model: 'm', version: '1', route: '/serve', status: 200, durationMs: 30 };
    metrics.requestEnded(request);
    metrics.requestEnded(request);
    expect(await lines(metrics, 'countersign_requests_total')).toEqual([
      'countersign_requests_total{model="m",version="1",route="/serve",code="200"} 2',
    ]);
    const durations = await lines(metrics, 'countersign_request_duration_seconds');
    expect(durations).toContain(
      'countersign_request_duration_seconds_bucket{le="0.025",model="m",route="/serve"} 0',
    );
    expect(durations).toContain(
      'countersign_request_duration_seconds_bucket{le="0.05",model="m",route="/serve"} 2',
    );
    expect(durations).toContain('countersign_request_duration_seconds_sum{model="m",route="/serve"} 0.06');
  });

  test('give what was not resolved one label, whatever it was called', async () => {
    const metrics = createMetrics();
    metrics.requestEnded({ model: null, version: null, route: '/serve', status: 404, durationMs: 1 });
    expect(await lines(metrics, 'countersign_requests_total')).toEqual([
      'countersign_requests_total{model="_unknown",version="_unknown",route="/serve",code="404"} 1',
    ]);
  });

  test('know how many requests are open', async () => {
    const metrics = createMetrics();
    for (let i = 0; i < 2; i += 1) metrics.requestBegan();
    metrics.requestEnded({ model: 'm', version: '1', route: '/serve', status: 200, durationMs: 1 });
    expect(await lines(metrics, 'countersign_inflight_requests')).toEqual([
      'countersign_inflight_requests 1',
    ]);
  });

  test('time stages and count worker restarts', async () => {
    const metrics = createMetrics();
    metrics.stage('predict', 250);
    metrics.workerRestarted('m');
    expect(await lines(metrics, 'countersign_stage_duration_seconds_sum')).toEqual([
      'countersign_stage_duration_seconds_sum{stage="predict"} 0.25',
    ]);
    expect(await lines(metrics, 'countersign_worker_restarts_total')).toEqual([
      'countersign_worker_restarts_total{model="m"} 1',
    ]);
  });

  test('count versions by their state at the scrape', async () => {
    const metrics = createMetrics();
    const states = new States();
    metrics.watch(states);
    for (const version of ['1', '2', '3']) states.become(version, 'available');
    expect(await lines(metrics, 'countersign_versions')).toEqual([
      'countersign_versions{model="m",state="available"} 3',
    ]);
    states.become('2', 'failed');
    expect(await lines(metrics, 'countersign_versions')).toEqual([
      'countersign_versions{model="m",state="available"} 2',
      'countersign_versions{model="m",state="failed"} 1',
    ]);
  });

  test('count loads by how they ended; a version that is taken back into service was not loaded', async () => {
    const metrics = createMetrics();
    const states = new States();
    metrics.watch(states);
    for (const state of ['loading', 'available', 'draining', 'available']) states.become('1', state);
    for (const state of ['loading', 'failed', 'loading', 'failed', 'loading', 'unloaded'])
      states.become('2', state);
    expect(await lines(metrics, 'countersign_loads_total')).toEqual([
      'countersign_loads_total{model="m",outcome="loaded"} 1',
      'countersign_loads_total{model="m",outcome="failed"} 2',
      'countersign_loads_total{model="m",outcome="stopped"} 1',
    ]);
  });

  test('belong to one server, and tell of the process too', async () => {
    const [one, other] = [createMetrics(), createMetrics()];
    one.workerRestarted('m');
    expect(await lines(other, 'countersign_worker_restarts_total{')).toEqual([]);
    for (const metrics of [one, other]) {
      expect(await lines(metrics, 'process_resident_memory_bytes ')).toHaveLength(1);
      expect(await lines(metrics, 'nodejs_eventloop_lag_p99_seconds ')).toHaveLength(1);
    }
    expect((await one.render()).contentType).toMatch(/^text\/plain; version=0\.0\.4/u);
  });
});
