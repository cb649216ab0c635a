/** One finished request, whatever its answer. */
export interface RequestObservation {
  /** Null until the request was resolved: only what exists becomes a label, so that bad names cost no memory. */
  readonly model: string | null;
  readonly version: string | null;
  /** The pattern of the route, such as `/models/:name/serve`; never the path as sent. */
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
}

/** One predict of a version. */
export interface BatchObservation {
  readonly model: string;
  /** How many requests shared it. */
  readonly requests: number;
  readonly rows: number;
}

/** One time a member of a composed model was asked. */
export interface MemberAsked {
  readonly graph: string;
  readonly member: string;
  readonly outcome: string;
  readonly durationMs: number;
}

/** One request that a replica of a cluster answered. */
export interface ReplicaAsked {
  readonly model: string;
  /** `direct`, or `proxy` for Ray's. */
  readonly way: string;
  readonly replica: string | null;
}

/** How the applications on a cluster are reached at the moment. */
export interface ClusterRoutes {
  applications(): readonly {
    readonly application: string;
    readonly way: string;
    /** Which way and why. */
    readonly sentence: string;
    readonly replicas: readonly { readonly id: string; readonly loads: number }[];
  }[];
}

/** The states of versions, as the manager tells them. */
export interface VersionStates {
  statuses(): readonly VersionState[];
  subscribe(listener: (status: VersionState) => void): unknown;
}

interface VersionState {
  readonly model: string;
  readonly version: string;
  readonly state: string;
}

/** What the rest of the code tells about itself; how it is kept is not its concern. */
export interface Metrics {
  /** A request came in; `requestEnded` is to follow. */
  requestBegan(): void;
  requestEnded(request: RequestObservation): void;
  /** A stage of a request ended: decode, acquire, adapt, predict, conform, encode. */
  stage(name: string, durationMs: number): void;
  batched(batch: BatchObservation): void;
  memberAsked(asked: MemberAsked): void;
  replicaAsked(asked: ReplicaAsked): void;
  /** A worker of the model was replaced by a new one. */
  workerRestarted(model: string): void;
  /** Counts loads from now on and versions by state at each scrape. */
  watch(versions: VersionStates): void;
  /** Tells at each scrape how applications are reached, and how often their replicas loaded. */
  watchCluster(routes: ClusterRoutes): void;
  /** Everything in the text format of Prometheus. */
  render(): Promise<{ readonly contentType: string; readonly body: string }>;
}
