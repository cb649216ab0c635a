import type { SessionSettings } from './messages.ts';

const optimizationLevels: Readonly<Record<string, NonNullable<SessionSettings['graphOptimizationLevel']>>> = {
  0: 'disabled',
  1: 'basic',
  2: 'extended',
  3: 'layout',
  99: 'all',
};

/**
 * The `onnx_session_options` of a model that are safe to follow. The number of threads inside an operator is not:
 * with more than one, a row's answer depends on the batch it came in; neither are settings of those threads.
 */
export function sessionSettings(options: unknown): SessionSettings {
  const given = record(options);
  const threads = given['inter_op_num_threads'];
  const mode = text(given['execution_mode']).toLowerCase();
  const level = optimizationLevels[text(given['graph_optimization_level'])];
  const extra = Object.entries(record(given['extra_session_config'])).filter(
    ([key]) => !/intra_op|inter_op|thread/.test(key),
  );
  return {
    ...(typeof threads === 'number' && threads > 0 ? { interOpNumThreads: threads } : {}),
    ...(mode === 'sequential' || mode === 'parallel' ? { executionMode: mode } : {}),
    ...(level === undefined ? {} : { graphOptimizationLevel: level }),
    ...(extra.length === 0
      ? {}
      : { extra: Object.fromEntries(extra.map(([key, value]) => [key, text(value)])) }),
  };
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
