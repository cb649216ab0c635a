import type { Signature } from '../../contract/signature.ts';
import type { VersionMetadata } from '../../registry/registry.ts';

/**
 * Whether only MLflow's own code can tell what a version makes of a request: it has no signature, or one derived from
 * type hints, whose classes only the model knows, or it is a chat model or an agent, whose requests MLflow checks and
 * converts beyond the signature.
 */
export function isForMlflow(signature: Signature | null, version: VersionMetadata): boolean {
  const describes = (signature?.inputs ?? null) !== null && signature?.fromTypeHint === false;
  return !describes || isAgent(version);
}

/** MLflow marks ChatModel, ChatAgent and ResponsesAgent by their task, and pickled ones also by their loader. */
function isAgent({ flavors, metadata }: VersionMetadata): boolean {
  const { task } = metadata;
  const loader = flavors['python_function']?.['loader_module'];
  return (typeof task === 'string' && task.startsWith('agent/')) || agentLoaders.has(loader);
}

const agentLoaders: ReadonlySet<unknown> = new Set([
  'mlflow.pyfunc.loaders.chat_model',
  'mlflow.pyfunc.loaders.chat_agent',
  'mlflow.pyfunc.loaders.responses_agent',
]);
