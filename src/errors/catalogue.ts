/**
 * Every failure countersign can tell a person about, in one table.
 *
 * Keys are permanent: a code that is no longer thrown moves to `retiredCodes` and is never used again.
 * The row owns the words, the kind (and through it the HTTP status) and whether a retry can help;
 * who throws gives only the facts. `docs/errors.md` is generated from this file.
 */

/** What sort of failure it is. Closed: each has exactly one HTTP status and, where MLflow has one, an MLflow code. */
export type ErrorKind =
  | 'invalid_argument'
  | 'unauthenticated'
  | 'permission_denied'
  | 'not_found'
  | 'method_not_allowed'
  | 'conflict'
  | 'failed_precondition'
  | 'payload_too_large'
  | 'unsupported_media'
  | 'resource_exhausted'
  | 'cancelled'
  | 'deadline_exceeded'
  | 'unavailable'
  | 'bad_gateway'
  | 'unimplemented'
  | 'internal';

/** HTTP status per kind; 499 is the de facto status of a caller who left. */
export const httpStatus: Readonly<Record<ErrorKind, number>> = {
  invalid_argument: 400,
  unauthenticated: 401,
  permission_denied: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  failed_precondition: 409,
  payload_too_large: 413,
  unsupported_media: 415,
  resource_exhausted: 429,
  cancelled: 499,
  deadline_exceeded: 504,
  unavailable: 503,
  bad_gateway: 502,
  unimplemented: 501,
  internal: 500,
};

/** One row: `message` says what happened and why, `hint` what to do about it. */
export interface ErrorRow {
  readonly kind: ErrorKind;
  /** The same request may succeed later without a change. */
  readonly retryable?: true;
  /** Exit code of a command that ends with this error (DESIGN section 10); 1 when absent. */
  readonly exit?: 2 | 3 | 4 | 5 | 6;
  // Each row has its own arguments; `countersignError` takes them from the row.
  readonly message: (...args: never[]) => string;
  readonly hint?: string;
}

const list = (items: readonly string[], limit = 20): string =>
  items.length === 0
    ? 'none'
    : items.length > limit
      ? `${items.slice(0, limit).join(', ')} and ${String(items.length - limit)} more`
      : items.join(', ');

export const catalogue = {
  // --- the caller's request ---
  INVALID_BODY: {
    kind: 'invalid_argument',
    message: (what: string) => `The request body cannot be read: ${what}.`,
    hint: "Send JSON that fits the model; GET the model's openapi.json for its schema and an example.",
  },
  INVALID_INPUT: {
    kind: 'invalid_argument',
    message: (count: number) =>
      count === 1
        ? 'The input does not fit the contract of the model.'
        : `The input does not fit the contract of the model in ${String(count)} places.`,
    hint: 'Each entry of `errors` points into the body as sent and says what was expected.',
  },
  INVALID_PARAMS: {
    kind: 'invalid_argument',
    message: (count: number) =>
      count === 1 ? 'A param does not fit the contract.' : `${String(count)} params do not fit the contract.`,
    hint: 'Params go in the query string, or in `params` of the envelope {"inputs": ..., "params": ...}.',
  },
  INVALID_SELECTOR: {
    kind: 'invalid_argument',
    exit: 2,
    message: (value: string) => `The version selector '${value}' is none.`,
    hint: 'Use a version number (2), an alias (@production), latest, or leave it out for the default.',
  },
  CONFLICTING_SELECTORS: {
    kind: 'invalid_argument',
    message: (values: readonly string[]) => `The request selects more than one version: ${list(values)}.`,
    hint: 'Name the version once: in the path or in the header serve_multiplexed_model_id.',
  },
  UNSUPPORTED_MEDIA_TYPE: {
    kind: 'unsupported_media',
    message: (got: string, accepted: readonly string[]) =>
      `The content type ${got} is not accepted here; accepted: ${list(accepted)}.`,
  },
  BODY_TOO_LARGE: {
    kind: 'payload_too_large',
    message: (limitBytes: number) => `The body is larger than the limit of ${String(limitBytes)} bytes.`,
    hint: 'Send fewer rows a request, or raise --max-body.',
  },
  INVALID_QUERY: {
    kind: 'invalid_argument',
    message: (what: string) => `The query string cannot be used: ${what}.`,
  },
  INVALID_PATH: {
    kind: 'invalid_argument',
    message: () =>
      'The path of the request cannot be read: it is too long, or its percent encoding is broken.',
    hint: 'Percent-encode the model name as UTF-8.',
  },
  MALFORMED_REQUEST: {
    kind: 'invalid_argument',
    message: () => 'What was sent is not an HTTP request.',
  },
  ROUTE_NOT_FOUND: {
    kind: 'not_found',
    message: (method: string, path: string) => `There is no ${method} ${path}.`,
    hint: 'GET /docs shows every route.',
  },
  METHOD_NOT_ALLOWED: {
    kind: 'method_not_allowed',
    message: (method: string, path: string, allowed: readonly string[]) =>
      `${path} does not answer ${method}; it answers ${list(allowed)}.`,
  },
  MODEL_NOT_NAMED: {
    kind: 'not_found',
    message: (models: readonly string[]) =>
      `This server has several models and no default; name one: /models/NAME/... with NAME of ${list(models)}.`,
    hint: 'Start the server with --default-model NAME to give one of them the short routes.',
  },
  MODEL_NOT_FOUND: {
    kind: 'not_found',
    exit: 3,
    message: (model: string, known: readonly string[]) =>
      known.length === 0
        ? `There is no model '${model}' in the registry.`
        : `There is no model '${model}'; there are: ${list(known)}.`,
    hint: '`countersign models` lists the registry.',
  },
  VERSION_NOT_FOUND: {
    kind: 'not_found',
    exit: 3,
    message: (model: string, version: string, known: readonly string[]) =>
      `Model '${model}' has no version ${version}; it has: ${list(known)}.`,
    hint: 'Choose one of these, an alias (@production) or latest.',
  },
  ALIAS_NOT_FOUND: {
    kind: 'not_found',
    exit: 3,
    message: (model: string, alias: string, known: readonly string[]) =>
      `Model '${model}' has no alias '${alias}'; it has: ${list(known)}.`,
    hint: 'Choose one of these, a version number or latest.',
  },
  VERSION_INCOMPATIBLE: {
    kind: 'conflict',
    message: (model: string, version: string, contract: string, breaks: readonly string[]) =>
      `Version ${version} of '${model}' would break callers of version ${contract}, which pins the contract: ${list(breaks, 5)}.`,
    hint: 'Choose a compatible version, or call this one under its own signature: /models/NAME/versions/VERSION/serve.',
  },
  STREAMING_UNSUPPORTED: {
    kind: 'invalid_argument',
    message: (model: string, version: string) =>
      `Version ${version} of '${model}' does not stream; it has no predict_stream.`,
    hint: 'Ask without Accept: text/event-stream.',
  },

  UNKNOWN_MEMBER: {
    kind: 'invalid_argument',
    message: (model: string, member: string, known: readonly string[]) =>
      `'${model}' has no member '${member}'; its members: ${list(known)}.`,
    hint: 'The header countersign-member-versions names members of a composed model: gate=2, expert=@candidate.',
  },

  // --- running a model ---
  MODEL_FAILED: {
    kind: 'internal',
    message: (model: string, version: string, type: string) =>
      `Version ${version} of '${model}' raised ${type} while predicting.`,
    hint: 'The server log has the trace under this request id.',
  },
  MODEL_OUTPUT_MISMATCH: {
    kind: 'internal',
    message: (model: string, version: string, what: string) =>
      `Version ${version} of '${model}' answered something its signature does not allow: ${what}.`,
    hint: 'Log the model again with the right signature, or serve with --output-check warn.',
  },
  MODEL_OUTPUT_UNSUPPORTED: {
    kind: 'internal',
    message: (model: string, version: string, what: string) =>
      `Version ${version} of '${model}' answered ${what}, which cannot be written as an answer.`,
    hint: 'Let the model answer a DataFrame, arrays, or values that JSON can write.',
  },
  VERSION_LOADING: {
    kind: 'unavailable',
    retryable: true,
    message: (model: string, version: string) => `Version ${version} of '${model}' is still loading.`,
    hint: 'Try again after the seconds in Retry-After; loading goes on meanwhile.',
  },
  VERSION_LOAD_FAILED: {
    kind: 'unavailable',
    exit: 4,
    message: (model: string, version: string, reason: string) =>
      `Version ${version} of '${model}' cannot be loaded: ${reason}`,
    hint: 'It is tried again later; the server log has the whole story.',
  },
  DEADLINE_EXCEEDED: {
    kind: 'deadline_exceeded',
    retryable: true,
    message: (timeoutMs: number) => `No answer within ${String(timeoutMs)} ms.`,
    hint: 'Send less at once, or raise --timeout.',
  },
  CALLER_LEFT: { kind: 'cancelled', message: () => 'The caller closed the connection before the answer.' },
  QUEUE_FULL: {
    kind: 'resource_exhausted',
    retryable: true,
    message: (limit: number, of: 'requests' | 'rows' = 'requests') =>
      `The queue of this version is full: at most ${String(limit)} ${of} may wait.`,
    hint: 'Try again after the seconds in Retry-After.',
  },
  WORKER_LOST: {
    kind: 'bad_gateway',
    retryable: true,
    message: (model: string, version: string) =>
      `The process that runs version ${version} of '${model}' died twice on this request.`,
    hint: 'The request itself may kill the model; the server log has its last output.',
  },
  MODEL_STUCK: {
    kind: 'unavailable',
    retryable: true,
    message: (model: string, version: string, runs: number) =>
      `Version ${version} of '${model}' is stuck: ${String(runs)} runs past their deadline have not ended.`,
    hint: 'It is served again when one of them ends; --onnx-isolation process can end them.',
  },
  SERVER_STOPPING: {
    kind: 'unavailable',
    retryable: true,
    message: () => 'The server is stopping.',
  },

  // --- composed models ---
  INVALID_GRAPH: {
    kind: 'internal',
    exit: 2,
    message: (where: string, what: string) => `The composed model cannot be: ${where}: ${what}.`,
    hint: 'Correct `graphs` in the config file; `countersign graph` prints the composition.',
  },
  GRAPH_FAILED: {
    kind: 'internal',
    message: (graph: string, type: string) => `The function of '${graph}' raised ${type}.`,
    hint: 'The server log has the trace under this request id.',
  },
  MEMBER_INPUT_MISMATCH: {
    kind: 'internal',
    message: (what: string) => `The composed model asked its member something it does not take: ${what}.`,
    hint: 'Correct the composed model: `countersign types` writes what each member takes.',
  },
  NO_MEMBER_ANSWERED: {
    kind: 'unavailable',
    retryable: true,
    message: (graph: string) => `Every member of '${graph}' was left out: none of them answered.`,
    hint: 'The server log says why each of them failed.',
  },
  UNSAFE_LONG: {
    kind: 'unimplemented',
    message: (value: bigint) =>
      `The composed model takes longs as numbers, and the number ${String(value)} would be changed by that.`,
    hint: "Set longs: 'bigint' on the composed model.",
  },

  // --- the registry and artifacts ---
  REGISTRY_UNREACHABLE: {
    kind: 'unavailable',
    retryable: true,
    exit: 3,
    message: (uri: string, reason: string) => `The registry ${uri} cannot be reached: ${reason}`,
    hint: 'Check --tracking-uri / --registry-uri (MLFLOW_TRACKING_URI, MLFLOW_REGISTRY_URI) and the credentials.',
  },
  REGISTRY_UNSUPPORTED: {
    kind: 'unimplemented',
    exit: 3,
    message: (uri: string, reason: string) => `The registry ${uri} cannot be read: ${reason}`,
  },
  ARTIFACT_UNREADABLE: {
    kind: 'unavailable',
    retryable: true,
    exit: 4,
    message: (model: string, version: string, reason: string) =>
      `The artifact of version ${version} of '${model}' cannot be read: ${reason}`,
    hint: 'Check where the artifacts are (--artifacts-destination, credentials), or log the model again.',
  },
  INVALID_MLMODEL: {
    kind: 'failed_precondition',
    exit: 4,
    message: (what: string) => `The MLmodel file cannot be used: ${what}.`,
    hint: 'Log the model again with MLflow, and register that as a new version.',
  },
  INVALID_SIGNATURE: {
    kind: 'failed_precondition',
    exit: 4,
    message: (path: string, what: string) => `The signature cannot be used: ${what} at ${path}.`,
    hint: 'Log the model again with a signature of MLflow, and register that as a new version.',
  },

  // --- environments and engines ---
  NO_ENGINE: {
    kind: 'failed_precondition',
    exit: 4,
    message: (model: string, version: string, reasons: string) =>
      `No engine can run version ${version} of '${model}': ${reasons}`,
  },
  ENGINE_CANNOT_LOAD: {
    kind: 'failed_precondition',
    exit: 4,
    message: (engine: string, reason: string) => `The ${engine} engine cannot run this model: ${reason}`,
    hint: 'Serve it with --engine python.',
  },
  PYTHON_NOT_FOUND: {
    kind: 'failed_precondition',
    exit: 4,
    message: (wanted: string) => `No Python was found (${wanted}).`,
    hint: 'Install Python 3.10 or newer, or name one with --python.',
  },
  ENVIRONMENT_FAILED: {
    kind: 'failed_precondition',
    exit: 4,
    message: (reason: string) => `The Python environment of the model cannot be made: ${reason}`,
    hint: 'Correct the requirements of the model, or serve it with --env-manager local in an environment that fits.',
  },
  MODULE_MISSING: {
    kind: 'failed_precondition',
    exit: 4,
    message: (module: string) =>
      `The model needs the Python module '${module}', which its environment does not have.`,
    hint: "Log the model again with extra_pip_requirements=['...'], or name a Python that has it: --env-manager local --python.",
  },
  LOAD_FAILED: {
    kind: 'failed_precondition',
    exit: 4,
    message: (reason: string) => `The model cannot be loaded: ${reason}`,
    hint: 'The server log has the trace.',
  },
  RAY_UNREACHABLE: {
    kind: 'unavailable',
    retryable: true,
    exit: 3,
    message: (address: string, reason: string) => `The Ray cluster at ${address} cannot be used: ${reason}`,
    hint: 'Check --ray-address (RAY_ADDRESS): the address of the dashboard of the head node, port 8265 by default.',
  },
  RAY_TOKEN_REFUSED: {
    kind: 'unavailable',
    exit: 3,
    message: (address: string, reason: string) =>
      `The Ray cluster at ${address} does not let this server in: ${reason}`,
    hint: 'Set RAY_AUTH_TOKEN, or RAY_AUTH_TOKEN_PATH to the file that holds it.',
  },
  RAY_DEPLOY_FAILED: {
    kind: 'unavailable',
    exit: 4,
    message: (application: string, reason: string) =>
      `Ray Serve could not bring up the application ${application}: ${reason}`,
    hint: "`countersign status` and Ray's dashboard show what Ray says of it.",
  },
  NOT_DEPLOYED: {
    kind: 'not_found',
    exit: 3,
    message: (model: string, deployed: readonly string[]) =>
      `'${model}' is not deployed on the Ray cluster; deployed there: ${list(deployed)}.`,
    hint: '`countersign deploy NAME` deploys a model.',
  },
  RAY_BUSY: {
    kind: 'unavailable',
    retryable: true,
    message: (model: string) => `The cluster takes no more requests for '${model}' at the moment.`,
    hint: 'Try again after the seconds in Retry-After, or give the model more replicas.',
  },
  ARTIFACT_TOO_LARGE: {
    kind: 'failed_precondition',
    exit: 4,
    message: (bytes: number, limit: number, why: string) =>
      `The artifact has ${String(bytes)} bytes, more than the ${String(limit)} that can be uploaded to a Ray cluster, and replicas cannot fetch it themselves: ${why}.`,
    hint: 'Keep it in a store that the cluster reaches (s3, http, a tracking server), with the credentials in runtime_env: {env_vars: {...}} of the config.',
  },
  ARTIFACT_UNFETCHED: {
    kind: 'unavailable',
    retryable: true,
    exit: 4,
    message: (reason: string) => `A replica on the cluster cannot fetch the artifact: ${reason}`,
    hint: 'Give replicas the credentials, in runtime_env: {env_vars: {...}} of the config.',
  },
  WORKER_NOT_STARTED: {
    kind: 'unavailable',
    retryable: true,
    exit: 4,
    message: (reason: string) => `No worker process could be started: ${reason}`,
    hint: 'The server log has what the process printed.',
  },

  // --- command line and options ---
  INVALID_OPTION: {
    kind: 'invalid_argument',
    exit: 2,
    message: (name: string, what: string) => `${name}: ${what}.`,
    hint: '`countersign serve --help` lists the options.',
  },
  ADDRESS_IN_USE: {
    kind: 'conflict',
    exit: 5,
    message: (address: string) => `${address} is already in use.`,
    hint: 'Stop what listens there, or choose another with --port (0 takes a free one).',
  },
  CONTRACT_BROKEN: {
    kind: 'conflict',
    exit: 6,
    message: (subject: string, breaks: readonly string[]) =>
      `${subject} would break callers: ${list(breaks, 5)}.`,
    hint: 'Let another version be the default with --default-version, or write a new contract with `countersign lock`.',
  },
  INTERNAL: {
    kind: 'internal',
    message: () => 'Something went wrong inside countersign.',
    hint: 'The server log has the trace under this request id; please report it.',
  },
} as const satisfies Readonly<Record<string, ErrorRow>>;

export type ErrorCode = keyof typeof catalogue;

/** Codes of earlier releases, never to be used again. */
export const retiredCodes: readonly string[] = [];
