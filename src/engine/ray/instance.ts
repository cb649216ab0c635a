import { asList, asNumber, asRecord, asText, isRecord, type UnknownRecord } from '../../util/unknown.ts';

/** What `GET /api/serve/applications/` says, as far as we read it. */
export interface ServeInstance {
  readonly applications: ReadonlyMap<string, RayApplication>;
  /** What else a PUT has to say again to leave as it is. */
  readonly rest: UnknownRecord;
  /** Port and path of Ray's proxies; null while Serve does not run. */
  readonly http: { readonly port: number; readonly rootPath: string } | null;
  /** Addresses of the nodes whose proxy is healthy. */
  readonly proxies: readonly string[];
}

/** A replica that Ray says can be called. */
export interface Target {
  readonly id: string;
  readonly origin: string;
  /** What comes before the routes of applications; mostly empty. */
  readonly rootPath: string;
}

export interface RayApplication {
  /** As it was written; null when it did not come through the REST API, which then leaves it alone. */
  readonly config: UnknownRecord | null;
  readonly status: string;
  /** The last line that says what is wrong; empty when nothing is. */
  readonly reason: string;
  readonly replicas: number;
  readonly runningReplicas: number;
  /** Of all its replicas, also of those that start or stop. */
  readonly replicaIds: readonly string[];
  /** Of those that are to take nothing new. */
  readonly stoppingIds: readonly string[];
  /** Replicas with an address of their own; none unless the cluster exposes them. */
  readonly targets: readonly Target[];
}

const said = ['proxy_location', 'http_options', 'grpc_options', 'target_capacity'];

export function readInstance(json: unknown): ServeInstance {
  const root = asRecord(json);
  const http = asRecord(root['http_options']);
  const port = asNumber(http['port']);
  const kept = said.filter((name) => root[name] !== null && root[name] !== undefined);
  const proxies = Object.values(asRecord(root['proxies'])).map(asRecord);
  const targets = readTargets(root['target_groups'], asText(http['root_path']) ?? '');
  return {
    applications: new Map(
      Object.entries(asRecord(root['applications'])).map(([name, value]) => [
        name,
        readApplication(value, targets.get(name) ?? []),
      ]),
    ),
    rest: Object.fromEntries(kept.map((name) => [name, root[name]])),
    http: port === null ? null : { port, rootPath: asText(http['root_path']) ?? '' },
    proxies: proxies
      .filter(({ status }) => status === 'HEALTHY')
      .map(({ node_ip: address }) => String(address)),
  };
}

/** By application. Where Ray names its proxies instead, there are none. */
function readTargets(groups: unknown, rootPath: string): ReadonlyMap<string, readonly Target[]> {
  const ours = asList(groups)
    .map(asRecord)
    .filter(({ protocol }) => protocol === 'HTTP');
  return new Map(
    ours.map(({ app_name: name, targets }) => [String(name), asList(targets).flatMap(readTarget(rootPath))]),
  );
}

const readTarget =
  (rootPath: string) =>
  (value: unknown): readonly Target[] => {
    const { name, ip, port } = asRecord(value);
    const id = /^SERVE_REPLICA::.*#(\w+)$/.exec(String(name))?.[1];
    if (id === undefined) return [];
    return [{ id, origin: `http://${hostPart(String(ip))}:${String(port)}`, rootPath }];
  };

/** A host as it stands in a URL. */
export const hostPart = (host: string): string =>
  host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;

function readApplication(value: unknown, targets: readonly Target[]): RayApplication {
  const { deployed_app_config: config, status, message, deployments } = asRecord(value);
  const parts = Object.values(asRecord(deployments)).map(asRecord);
  const replicas = parts.flatMap((part) => asList(part['replicas'])).map(asRecord);
  const messages = [...parts.map((part) => part['message']), message];
  return {
    config: isRecord(config) ? config : null,
    status: asText(status) ?? 'UNKNOWN',
    reason: messages.map(lastLine).find((line) => line !== '') ?? '',
    replicas: replicas.length,
    runningReplicas: replicas.filter(({ state }) => state === 'RUNNING').length,
    replicaIds: replicas.map(idOf),
    stoppingIds: replicas.filter(({ state }) => state === 'STOPPING').map(idOf),
    targets,
  };
}

const idOf = ({ replica_id: id }: UnknownRecord): string => String(id);

/** Ray tells a failure as a whole trace, whose last line says what it was. */
function lastLine(message: unknown): string {
  const lines = (asText(message) ?? '').split('\n').map((line) => line.trim());
  // An installer's own words, where an environment cannot be made.
  const installer = lines.findLast((line) => /^(cause|error|ERROR): /.test(line));
  if (installer !== undefined) return installer;
  const errors = lines.filter((line) => /^[\w.]*(Error|Exception)\b.*:/.test(line));
  return errors.at(-1) ?? lines.findLast((line) => line !== '') ?? '';
}
