import { createServeCodec } from '../../src/codec/serve.ts';
import type { Codec } from '../../src/codec/codec.ts';
import { parseSignature } from '../../src/contract/parse.ts';
import { createBringUp } from '../../src/endpoint/bring-up.ts';
import type { EndpointCall, MemberTurn } from '../../src/endpoint/endpoint.ts';
import { ModelCatalogue } from '../../src/endpoint/model-catalogue.ts';
import { ModelEndpoint } from '../../src/endpoint/model-endpoint.ts';
import { Verifications } from '../../src/endpoint/verification.ts';
import { VersionDirectory } from '../../src/endpoint/version-directory.ts';
import type { MemberObservation } from '../../src/graph/ask-member.ts';
import type { GraphEndpoint } from '../../src/graph/graph-endpoint.ts';
import { createGraphEndpoints } from '../../src/graph/graph-endpoints.ts';
import { parseGraphs } from '../../src/graph/parse-graphs.ts';
import type { PredictCall } from '../../src/engine/engine.ts';
import type { Nested, Payload } from '../../src/payload/payload.ts';
import { createManager } from '../../src/serving/create-manager.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { FakeEngine } from '../fakes/fake-engine.ts';
import { FakeRegistry } from '../fakes/fake-registry.ts';
import { RecordingLogger } from '../fakes/recording-logger.ts';
import { callerOf } from '../../src/util/caller.ts';

const utf8 = new TextEncoder();

/** A model of a test: its signature in MLflow's JSON, and what it answers to a row. */
export interface TestModel {
  readonly inputs: readonly object[] | null;
  readonly outputs: readonly object[] | null;
  readonly answer?: (row: Readonly<Record<string, Nested>>, call: PredictCall) => Nested | Promise<Nested>;
}

export interface Asked {
  readonly answer: unknown;
  /** The answer as it was sent. */
  readonly text: string;
  readonly turns: readonly MemberTurn[];
}

export interface Composed {
  readonly clock: FakeClock;
  readonly registry: FakeRegistry;
  readonly engine: FakeEngine;
  readonly logger: RecordingLogger;
  readonly observations: readonly MemberObservation[];
  readonly endpoint: (name: string) => GraphEndpoint;
  /** Posts a body to the composed model, as /serve would. */
  readonly ask: (name: string, body: unknown, extra?: Partial<EndpointCall>) => Promise<Asked>;
}

/** Composed models over real endpoints, a real manager and batcher, and models that answer what the test says. */
export function composed(models: Readonly<Record<string, TestModel>>, graphs: object): Composed {
  const [clock, registry, engine, logger] = [
    new FakeClock(),
    new FakeRegistry(),
    new FakeEngine(),
    new RecordingLogger(),
  ];
  const verifications = new Verifications();
  const manager = createManager({
    loaderFor: createBringUp({
      registry,
      engines: [engine],
      engineFor: () => null,
      outputCheckFor: () => 'error',
      batchingFor: () => ({ mode: 'on', maxRows: 64, maxQueued: 1000, maxQueuedRows: 10_000, windowMs: 0 }),
      isDefault: () => true,
      verifications,
      onBatch: () => undefined,
      clock,
      logger,
    }),
    clock,
    logger,
  });
  for (const [name, model] of Object.entries(models)) addModel(registry, engine, name, model);
  const catalogue = new ModelCatalogue({
    registry,
    named: [],
    whole: true,
    defaultName: null,
    clock,
    makeEndpoint: (name) =>
      new ModelEndpoint({
        name,
        registry,
        directory: new VersionDirectory({ model: name, registry, clock, logger }),
        manager,
        verifications,
        settings: {
          defaultVersion: { kind: 'version', version: '1' },
          contractFile: null,
          compatibility: 'substitutable',
          outputCheck: 'error',
          mlflowExact: false,
          timeoutMs: 60_000,
        },
        onPinned: () => undefined,
        clock,
        logger,
      }),
  });
  const observations: MemberObservation[] = [];
  const endpoints = createGraphEndpoints({
    graphs: parseGraphs(graphs),
    model: (name, signal) => catalogue.member(name, signal),
    timeoutFor: () => 5_000,
    observed: (observation) => observations.push(observation),
    clock,
    logger,
  });
  return {
    clock,
    registry,
    engine,
    logger,
    observations,
    endpoint: (name: string): GraphEndpoint => endpoints.get(name) ?? fail(name),
    ask: (name: string, body: unknown, extra: Partial<EndpointCall> = {}): Promise<Asked> =>
      askOf(endpoints.get(name) ?? fail(name), body, extra),
  };
}

function addModel(registry: FakeRegistry, engine: FakeEngine, name: string, model: TestModel): void {
  const { inputs, outputs, answer } = model;
  const signature = inputs === null && outputs === null ? null : parseSignature({ inputs, outputs }, false);
  const ref = registry.addVersion(name, { signature });
  if (answer !== undefined) engine.plan(ref).answer = (call) => answerAll(call, answer);
}

/** The answers to the rows of a table, as a model that answers a list of records. */
export async function answerAll(
  call: PredictCall,
  answer: NonNullable<TestModel['answer']>,
): Promise<Payload> {
  const { input } = call;
  const value = await Promise.all(recordsOf(input).map(async (row) => await answer(row, call)));
  return { kind: 'value', value };
}

function recordsOf(input: Payload): readonly Readonly<Record<string, Nested>>[] {
  if (input.kind !== 'table') return [{}];
  return Array.from({ length: input.rows }, (_, row) =>
    Object.fromEntries(
      input.columns.map(({ name, vector, nulls }) => [
        name ?? '0',
        nulls?.[row] === 1 ? null : (vector.data[row] as Nested),
      ]),
    ),
  );
}

async function askOf(endpoint: GraphEndpoint, body: unknown, extra: Partial<EndpointCall>): Promise<Asked> {
  const turns: MemberTurn[] = [];
  const codec: Codec = createServeCodec({ unknownFields: 'reject' });
  const { body: answer } = await endpoint.call(
    {
      selector: { kind: 'default' },
      terms: 'contract',
      codec,
      request: {
        body: utf8.encode(typeof body === 'string' ? body : JSON.stringify(body)),
        contentType: 'application/json',
        query: new URLSearchParams(),
      },
      requestId: 'test',
      caller: callerOf(new AbortController().signal),
      ...extra,
    },
    { resolved: () => undefined, stage: () => undefined, member: (turn) => turns.push(turn) },
  );
  const text = String(answer);
  return { answer: JSON.parse(text) as unknown, text, turns };
}

function fail(name: string): never {
  throw new Error(`no composed model ${name}`);
}
