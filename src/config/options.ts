/**
 * Every option of the server in one table: flags, environment names, `--help`, the config file's keys and
 * `docs/options.md` all come from it. MLflow's names are kept where MLflow has one.
 */

export interface OptionRow {
  /** Heading it stands under in help. */
  readonly group:
    | 'What to serve'
    | 'Registry and cache'
    | 'Server'
    | 'Contract'
    | 'Engines and Python environments'
    | 'Versions and batches';
  /** As commander writes it, without the value: `-p, --port`. */
  readonly flag: string;
  /** What stands for the value in help; absent for a switch. */
  readonly value?: string;
  readonly type: 'string' | 'integer' | 'seconds' | 'bytes' | 'switch' | 'choice';
  readonly choices?: readonly string[];
  /** Choices that MLflow has and we refuse, with what to take instead. */
  readonly refused?: Readonly<Record<string, string>>;
  /** In the unit the flag is written in; null: none. */
  readonly default: string | number | boolean | null;
  /** Environment variable that gives it, flags winning. */
  readonly env: string;
  /** Smallest value of a number. Default 0. */
  readonly minimum?: number;
  /** May stand under `models.NAME` of the config file too. */
  readonly perModel?: true;
  /** One sentence: meaning, unit and, where it matters, why the default is what it is. */
  readonly help: string;
}

export const optionTable = {
  modelUri: {
    group: 'What to serve',
    flag: '-m, --model-uri',
    value: 'URI',
    type: 'string',
    default: null,
    env: 'COUNTERSIGN_MODEL_URI',
    help: 'serve this instead of a NAME: models:/n/2, models:/n@alias, models:/m-<id>, runs:/<id>/model or a folder',
  },
  name: {
    group: 'What to serve',
    flag: '--name',
    value: 'NAME',
    type: 'string',
    default: 'model',
    env: 'COUNTERSIGN_NAME',
    help: 'name of a model that comes from a folder or a run (with --model-uri)',
  },
  defaultVersion: {
    group: 'What to serve',
    flag: '--default-version',
    value: 'VERSION',
    type: 'string',
    default: null,
    env: 'COUNTERSIGN_DEFAULT_VERSION',
    perModel: true,
    help: 'version (2) or alias (@production) that pins the contract; else the alias production or champion, else the newest',
  },
  contract: {
    group: 'What to serve',
    flag: '--contract',
    value: 'FILE',
    type: 'string',
    default: null,
    env: 'COUNTERSIGN_CONTRACT',
    perModel: true,
    help: 'contract file, written by `countersign lock`, that the default version has to honour',
  },
  defaultModel: {
    group: 'What to serve',
    flag: '--default-model',
    value: 'NAME',
    type: 'string',
    default: null,
    env: 'COUNTERSIGN_DEFAULT_MODEL',
    help: 'model that owns the short routes (/serve, /invocations ...); default: the only one',
  },
  trackingUri: {
    group: 'Registry and cache',
    flag: '--tracking-uri',
    value: 'URI',
    type: 'string',
    default: null,
    env: 'MLFLOW_TRACKING_URI',
    help: "where the runs are: sqlite:///file, http(s)://server, a folder, or anything MLflow's own client knows",
  },
  registryUri: {
    group: 'Registry and cache',
    flag: '--registry-uri',
    value: 'URI',
    type: 'string',
    default: null,
    env: 'MLFLOW_REGISTRY_URI',
    help: 'where the registered models are, if not at the tracking URI',
  },
  artifactsDestination: {
    group: 'Registry and cache',
    flag: '--artifacts-destination',
    value: 'URI',
    type: 'string',
    default: null,
    env: 'MLFLOW_ARTIFACTS_DESTINATION',
    help: 'folder or URI behind mlflow-artifacts:/ when no tracking server is asked',
  },
  cacheDir: {
    group: 'Registry and cache',
    flag: '--cache-dir',
    value: 'DIR',
    type: 'string',
    default: null,
    env: 'COUNTERSIGN_CACHE',
    help: "artifacts and Python environments are kept here; default: the user's cache folder",
  },
  host: {
    group: 'Server',
    flag: '-h, --host',
    value: 'HOST',
    type: 'string',
    default: '127.0.0.1',
    env: 'MLFLOW_HOST',
    help: 'address to listen on',
  },
  port: {
    group: 'Server',
    flag: '-p, --port',
    value: 'PORT',
    type: 'integer',
    default: 8000,
    env: 'MLFLOW_PORT',
    help: "port to listen on; 0 takes a free one; with --model-uri the default is MLflow's 5000",
  },
  timeout: {
    group: 'Server',
    flag: '-t, --timeout',
    value: 'SECONDS',
    type: 'seconds',
    default: 60,
    env: 'MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT',
    perModel: true,
    help: 'deadline of a request, waiting for a load included',
  },
  drainTimeout: {
    group: 'Server',
    flag: '--drain-timeout',
    value: 'SECONDS',
    type: 'seconds',
    default: 30,
    env: 'COUNTERSIGN_DRAIN_TIMEOUT',
    help: 'how long a stop waits for running requests',
  },
  maxBody: {
    group: 'Server',
    flag: '--max-body',
    value: 'BYTES',
    type: 'bytes',
    default: 32 * 1024 * 1024,
    minimum: 1,
    env: 'COUNTERSIGN_MAX_BODY',
    help: 'largest request body, in bytes or with KiB, MiB, GiB',
  },
  logLevel: {
    group: 'Server',
    flag: '--log-level',
    value: 'LEVEL',
    type: 'choice',
    choices: ['debug', 'info', 'warn', 'error'],
    default: 'info',
    env: 'COUNTERSIGN_LOG_LEVEL',
    help: 'least important log lines to write to standard error',
  },
  accessLogRate: {
    group: 'Server',
    flag: '--access-log-rate',
    value: 'N',
    type: 'integer',
    default: 100,
    env: 'COUNTERSIGN_ACCESS_LOG_RATE',
    help: 'most log lines a second about requests that went well; the others are counted; failed ones always have a line',
  },
  compatibility: {
    group: 'Contract',
    flag: '--compatibility',
    value: 'MODE',
    type: 'choice',
    choices: ['substitutable', 'exact'],
    default: 'substitutable',
    env: 'COUNTERSIGN_COMPATIBILITY',
    perModel: true,
    help: 'what other versions have to be: able to stand in for the contract, or exactly like it',
  },
  unknownFields: {
    group: 'Contract',
    flag: '--unknown-fields',
    value: 'HOW',
    type: 'choice',
    choices: ['reject', 'ignore'],
    default: 'reject',
    env: 'COUNTERSIGN_UNKNOWN_FIELDS',
    help: 'what /serve does with fields that the contract does not name',
  },
  outputCheck: {
    group: 'Contract',
    flag: '--output-check',
    value: 'HOW',
    type: 'choice',
    choices: ['error', 'warn', 'off'],
    default: 'error',
    env: 'COUNTERSIGN_OUTPUT_CHECK',
    perModel: true,
    help: 'what happens when an answer does not fit the signature',
  },
  mlflowExact: {
    group: 'Contract',
    flag: '--mlflow-exact',
    type: 'switch',
    default: false,
    env: 'COUNTERSIGN_MLFLOW_EXACT',
    perModel: true,
    help: "send /invocations through MLflow's own code, for its very answers, losses included; all models run in Python then",
  },
  engine: {
    group: 'Engines and Python environments',
    flag: '--engine',
    value: 'ENGINE',
    type: 'choice',
    choices: ['auto', 'onnx', 'python', 'ray'],
    default: 'auto',
    env: 'COUNTERSIGN_ENGINE',
    perModel: true,
    help: 'auto runs ONNX models in process and everything else in Python workers; ray runs them on a Ray cluster',
  },
  rayAddress: {
    group: 'Engines and Python environments',
    flag: '--ray-address',
    value: 'URL',
    type: 'string',
    default: null,
    env: 'RAY_ADDRESS',
    help: "the Ray cluster of --engine ray: its dashboard, such as http://HEAD:8265; the token is Ray's, in RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH",
  },
  num_replicas: {
    group: 'Engines and Python environments',
    flag: '--num-replicas',
    value: 'N',
    type: 'integer',
    default: 1,
    minimum: 1,
    env: 'COUNTERSIGN_NUM_REPLICAS',
    perModel: true,
    help: "replicas of a model on a Ray cluster, each with its own versions loaded; Ray's other settings stand in the config file (docs/ray.md)",
  },
  workers: {
    group: 'Engines and Python environments',
    flag: '-w, --workers',
    value: 'N',
    type: 'integer',
    default: 1,
    minimum: 1,
    env: 'MLFLOW_MODELS_WORKERS',
    help: 'executors (processes or threads) per loaded version',
  },
  onnxIsolation: {
    group: 'Engines and Python environments',
    flag: '--onnx-isolation',
    value: 'HOW',
    type: 'choice',
    choices: ['thread', 'process'],
    default: 'thread',
    env: 'COUNTERSIGN_ONNX_ISOLATION',
    help: 'where ONNX sessions run; a process can be killed, a thread cannot',
  },
  envManager: {
    group: 'Engines and Python environments',
    flag: '--env-manager',
    value: 'MANAGER',
    type: 'choice',
    choices: ['auto', 'local', 'uv', 'virtualenv'],
    refused: {
      conda: 'conda environments are not made; uv and virtualenv build one of the same requirements',
    },
    default: 'auto',
    env: 'COUNTERSIGN_ENV_MANAGER',
    help: 'where Python models run: auto takes the active Python when it satisfies the model, else builds one with uv',
  },
  python: {
    group: 'Engines and Python environments',
    flag: '--python',
    value: 'PATH',
    type: 'string',
    default: null,
    env: 'COUNTERSIGN_PYTHON',
    help: 'Python for --env-manager local; default: the active virtual environment, else python3',
  },
  maxVersions: {
    group: 'Versions and batches',
    flag: '--max-versions',
    value: 'N',
    type: 'integer',
    default: 2,
    env: 'COUNTERSIGN_MAX_VERSIONS',
    help: 'versions kept loaded per model beside the default one',
  },
  maxLoaded: {
    group: 'Versions and batches',
    flag: '--max-loaded',
    value: 'N',
    type: 'integer',
    default: null,
    minimum: 1,
    env: 'COUNTERSIGN_MAX_LOADED',
    help: 'versions kept loaded over all models; default: no limit',
  },
  batching: {
    group: 'Versions and batches',
    flag: '--batching',
    value: 'MODE',
    type: 'choice',
    choices: ['auto', 'on', 'off'],
    default: 'auto',
    env: 'COUNTERSIGN_BATCHING',
    perModel: true,
    help: 'auto lets requests share a predict where the input example shows that it changes no answer; --no-batching is off',
  },
  maxBatchRows: {
    group: 'Versions and batches',
    flag: '--max-batch-rows',
    value: 'N',
    type: 'integer',
    default: 64,
    minimum: 1,
    env: 'COUNTERSIGN_MAX_BATCH_ROWS',
    perModel: true,
    help: 'most rows of several requests in one predict; a single request is never cut',
  },
  maxQueue: {
    group: 'Versions and batches',
    flag: '--max-queue',
    value: 'N',
    type: 'integer',
    default: 1000,
    minimum: 1,
    env: 'COUNTERSIGN_MAX_QUEUE',
    perModel: true,
    help: 'most requests that may wait for a version; one more is answered 429',
  },
  maxQueueRows: {
    group: 'Versions and batches',
    flag: '--max-queue-rows',
    value: 'N',
    type: 'integer',
    default: 100_000,
    minimum: 1,
    env: 'COUNTERSIGN_MAX_QUEUE_ROWS',
    perModel: true,
    help: 'most rows of all requests that wait for a version; more is answered 429, save for a request that waits alone',
  },
  batchWindow: {
    group: 'Versions and batches',
    flag: '--batch-window',
    value: 'MILLISECONDS',
    type: 'integer',
    default: 0,
    env: 'COUNTERSIGN_BATCH_WINDOW',
    perModel: true,
    help: 'how long a request is held back so that others can join it; for accelerators, where larger batches cost little more',
  },
} as const satisfies Readonly<Record<string, OptionRow>>;

export type OptionName = keyof typeof optionTable;

type Written<Row extends OptionRow> = Row extends { choices: readonly (infer Choice)[] }
  ? Choice
  : Row['type'] extends 'string' | 'choice'
    ? string
    : Row['type'] extends 'switch'
      ? boolean
      : Row['type'] extends 'bytes'
        ? number | string
        : number;

/** What users write, in flags, environment or config file; all optional. Seconds and bytes as numbers. */
export type CountersignOptions = {
  readonly [Name in OptionName]?: Written<(typeof optionTable)[Name]>;
};
