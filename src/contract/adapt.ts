import type { Nested, Params, Payload } from '../payload/payload.ts';
import { planColumns } from './adapt-columns.ts';
import { planTensors } from './adapt-tensors.ts';
import { paramDefault } from './param-default.ts';
import type { ParamSpec, Schema, Signature } from './signature.ts';
import { widening } from './widen-nested.ts';

/**
 * How a request read under the contract becomes one of the version: columns and tensors in the version's
 * order and types. Made once per pair of signatures; applying it changes no value. Null: nothing to do.
 */
export interface Adaptation {
  readonly input: ((input: Payload) => Payload) | null;
  readonly params: ((params: Params) => Params) | null;
}

/**
 * The plan for a version that `compareSignatures` did not find incompatible with the contract; of one that
 * is, what cannot be widened is passed as it came.
 */
export function planAdaptation(contract: Signature | null, version: Signature | null): Adaptation {
  return {
    input: planInput(contract?.inputs ?? null, version?.inputs ?? null),
    params: planParams(contract?.params ?? [], version?.params ?? []),
  };
}

/** The same request as the version takes it; the very object where nothing changes. */
export function adaptInput(input: Payload, plan: Adaptation): Payload {
  return plan.input === null ? input : plan.input(input);
}

/**
 * The params as the version takes them: widened, and with the version's default for a param that the contract
 * does not know. `params` is complete: the contract's defaults are in it.
 */
export function adaptParams(params: Params, plan: Adaptation): Params {
  return plan.params === null ? params : plan.params(params);
}

function planInput(contract: Schema | null, version: Schema | null): Adaptation['input'] {
  if (contract?.kind === 'columns' && version?.kind === 'columns') return planColumns(contract, version);
  if (contract?.kind === 'tensors' && version?.kind === 'tensors') return planTensors(contract, version);
  return null;
}

type ParamStep = (params: Map<string, Nested>) => void;

function planParams(contract: readonly ParamSpec[], version: readonly ParamSpec[]): Adaptation['params'] {
  const known = new Map(contract.map((spec) => [spec.name, spec]));
  const steps = version.flatMap((spec) => planParam(known.get(spec.name), spec) ?? []);
  if (steps.length === 0) return null;
  return (params) => {
    const adapted = new Map(params);
    for (const step of steps) step(adapted);
    return adapted;
  };
}

function planParam(contract: ParamSpec | undefined, version: ParamSpec): ParamStep | null {
  const { name } = version;
  if (contract === undefined) {
    const value = paramDefault(version);
    return (params) => params.set(name, value);
  }
  const widen = widening(paramType(contract), paramType(version));
  return widen && ((params) => params.set(name, widen(params.get(name) ?? null)));
}

function paramType(spec: ParamSpec): ParamSpec['type'] {
  return spec.array ? { kind: 'array', items: spec.type } : spec.type;
}
