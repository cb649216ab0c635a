import type { Schema } from '../contract/signature.ts';
import { countersignError } from '../errors/countersign-error.ts';
import { mapBounded } from '../util/map-bounded.ts';
import type { Declared, FunctionGraph, MemberSpec } from './definition.ts';
import { type Contracts, placeOf, type Prepared, type Run, schemaOf } from './prepared.ts';
import { graphVersion } from './version.ts';

/** Rows under way at once: several full batches of a member, and no queue is filled by one request. */
const concurrency = 256;

/** A composed model that is code. */
export function prepareFunction(graph: FunctionGraph, contracts: Contracts): Prepared {
  return {
    signature: {
      inputs: half(graph, graph.inputs, 'inputs', contracts),
      outputs: half(graph, graph.outputs, 'outputs', contracts),
      params: graph.params,
      fromTypeHint: false,
    },
    longs: graph.longs,
    run: (run) => (graph.batch ? runOnce(graph, run) : runEach(graph, run)),
  };
}

function half(
  graph: FunctionGraph,
  declared: Declared,
  side: 'inputs' | 'outputs',
  contracts: Contracts,
): Schema {
  if (declared.kind === 'schema') return declared.schema;
  const member = graph.members.find(({ name }) => name === declared.name);
  if (member === undefined) throw countersignError('INTERNAL');
  return schemaOf(member, side, contracts, `${placeOf(graph)}.${side}`);
}

async function runEach({ predict, members }: FunctionGraph, run: Run): Promise<readonly unknown[]> {
  const functions = memberFunctions(members, run);
  const failure = Promise.withResolvers<never>();
  const all = mapBounded(run.rows, concurrency, async (row) => {
    try {
      return await predict(row, functions, contextOf(run));
    } catch (error) {
      failure.reject(error);
      throw error;
    }
  });
  // The first failure is the answer: what the other rows still ask is stopped when the call ends.
  return Promise.race([all, failure.promise]);
}

async function runOnce({ name, predict, members }: FunctionGraph, run: Run): Promise<readonly unknown[]> {
  const answers = await predict(run.rows, memberFunctions(members, run), contextOf(run));
  const expected = run.rows.length;
  if (!Array.isArray(answers) || answers.length !== expected) {
    const got = Array.isArray(answers) ? `${String(answers.length)} rows` : 'no list';
    const what = `expected ${String(expected)} rows, got ${got}`;
    throw countersignError('MODEL_OUTPUT_MISMATCH', name, graphVersion, what);
  }
  return answers as readonly unknown[];
}

function contextOf({ params, signal, requestId }: Run): object {
  return { params, signal, requestId };
}

type Params = Readonly<Record<string, unknown>>;

function memberFunctions(members: readonly MemberSpec[], run: Run): object {
  return Object.fromEntries(members.map((member) => [member.name, memberFunction(member, run)]));
}

/** `Member` of the public types. */
function memberFunction(member: MemberSpec, run: Run): object {
  const ask = (rows: readonly unknown[], params: Params = {}): Promise<readonly unknown[] | null> =>
    watched(run.ask(member, rows, params));
  const one = (row: unknown, params?: Params): Promise<unknown> =>
    watched(ask([row], params).then((answers) => answers?.[0]));
  const rows = (list: readonly unknown[], params?: Params): Promise<unknown> =>
    watched(ask(list, params).then((answers) => answers ?? undefined));
  return Object.assign(one, { rows });
}

/** A function that failed on one member no longer waits for the others: their failures are not unheard of then. */
function watched<Result>(promise: Promise<Result>): Promise<Result> {
  promise.catch(() => undefined);
  return promise;
}
