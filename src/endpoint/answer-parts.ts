import type { DecodedRequest, RequestPart } from '../codec/codec.ts';
import { adaptInput, adaptParams, type Adaptation, planAdaptation } from '../contract/adapt.ts';
import { conformOutput } from '../contract/conform.ts';
import type { Signature } from '../contract/signature.ts';
import type { Servable } from '../engine/engine.ts';
import { countersignError } from '../errors/countersign-error.ts';
import type { Params, Payload } from '../payload/payload.ts';
import { rowCount } from '../payload/rows.ts';
import type { VersionRef } from '../registry/registry.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Caller } from '../util/caller.ts';
import { mapBounded } from '../util/map-bounded.ts';
import type { Stages } from './stages.ts';

export interface AnswerPartsOptions {
  readonly servable: Servable;
  readonly request: DecodedRequest;
  readonly ref: VersionRef;
  /** What the request was read under. */
  readonly terms: Signature | null;
  /** The version's own signature. */
  readonly own: Signature | null;
  readonly check: 'error' | 'warn' | 'off';
  readonly requestId: string;
  readonly caller: Caller;
  readonly stages: Stages;
  /** An answer fitted the signature. */
  readonly onFit: () => void;
  readonly logger: Logger;
}

/** Adapt and predict: one answer per part, in the order of the parts, not looked at yet. */
export async function askParts(options: AnswerPartsOptions): Promise<readonly Payload[]> {
  const { servable, caller, requestId, stages } = options;
  const { inputs, params } = stages.run('adapt', () => adaptRequest(options));
  const answers = await stages.wait('predict', () =>
    askEach(inputs, servable.executors, (input) => servable.predict({ input, params, requestId }, caller)),
  );
  return options.check === 'off' ? inPlace(options, answers) : answers;
}

/** The answers as the signature has them. Errors: MODEL_OUTPUT_MISMATCH. */
export function conformParts(options: AnswerPartsOptions, answers: readonly Payload[]): readonly Payload[] {
  if (options.check === 'off') return answers;
  const { request, stages } = options;
  return stages.run('conform', () =>
    answers.map((answer, index) => conform(options, answer, request.parts[index])),
  );
}

/** As many at once as keep every executor busy: a request of a thousand parts must not fill the queue by itself. */
function askEach(
  inputs: readonly Payload[],
  executors: number,
  ask: (input: Payload) => Promise<Payload>,
): Promise<readonly Payload[]> {
  const [only, ...more] = inputs;
  if (only !== undefined && more.length === 0) return ask(only).then((answer) => [answer]);
  return mapBounded(inputs, executors + 1, ask);
}

/** Unchecked answers of several parts still need a row for each row asked: else no row has its place. */
function inPlace(options: AnswerPartsOptions, answers: readonly Payload[]): readonly Payload[] {
  for (const [index, { positions }] of options.request.parts.entries()) {
    const answer = answers[index];
    if (positions === null || answer === undefined || rowCount(answer) === positions.length) continue;
    const { model, version } = options.ref;
    throw countersignError('MODEL_OUTPUT_MISMATCH', model, version, `expected ${positions.length} rows`);
  }
  return answers;
}

const plans = new WeakMap<object, WeakMap<object, Adaptation>>();

function adaptRequest(options: AnswerPartsOptions): { inputs: readonly Payload[]; params: Params } {
  const { request, terms, own } = options;
  if (terms === own || terms === null || own === null) {
    return { inputs: request.parts.map((part) => part.input), params: request.params };
  }
  const plan = planFor(terms, own);
  return {
    inputs: request.parts.map((part) => adaptInput(part.input, plan)),
    params: adaptParams(request.params, plan),
  };
}

/** A plan depends on two signatures alone, and both live as long as their versions. */
function planFor(terms: Signature, own: Signature): Adaptation {
  const known = plans.get(terms) ?? new WeakMap<object, Adaptation>();
  plans.set(terms, known);
  const plan = known.get(own) ?? planAdaptation(terms, own);
  known.set(own, plan);
  return plan;
}

function conform(options: AnswerPartsOptions, answer: Payload, part: RequestPart | undefined): Payload {
  const rows = part?.positions?.length ?? options.request.rows;
  const conformed = conformOutput(answer, options.terms, rows);
  checkFit(options, conformed.ok ? null : conformed.what);
  return conformed.ok ? conformed.payload : answer;
}

/** What becomes of an answer that does not fit: an error, or a line in the log. Errors: MODEL_OUTPUT_MISMATCH. */
export function checkFit(options: AnswerPartsOptions, misfit: string | null): void {
  if (misfit === null) {
    if (options.terms !== null) options.onFit();
    return;
  }
  const { model, version } = options.ref;
  if (options.check === 'error') throw countersignError('MODEL_OUTPUT_MISMATCH', model, version, misfit);
  options.logger.warn({ model, version, what: misfit }, 'an answer does not fit the signature');
}
