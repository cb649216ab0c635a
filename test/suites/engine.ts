import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Engine, PredictCall, Servable } from '../../src/engine/engine.ts';
import { strictLoader } from '../../src/engine/strict.ts';
import type { ErrorCode } from '../../src/errors/catalogue.ts';
import { CountersignError } from '../../src/errors/countersign-error.ts';
import { noParams, type Payload } from '../../src/payload/payload.ts';
import type { Artifact, VersionMetadata } from '../../src/registry/registry.ts';
import { callerOf } from '../../src/util/caller.ts';

/** A version that an engine is tried with. */
export interface Specimen {
  readonly metadata: VersionMetadata;
  readonly artifact: Artifact;
  /** Inputs with the answers they must get; at least two, with different answers. */
  readonly cases: readonly { readonly input: Payload; readonly answer: Payload }[];
}

/** What an engine is tried with; null where the engine has no such thing. */
export interface EngineSpecimens {
  /** Rows in, one answer per row out. */
  readonly working: Specimen;
  /** Another version that works, to be loaded beside the first. */
  readonly other: Specimen;
  /** Tensors in. */
  readonly tensors: Specimen | null;
  /** Answers after about two seconds. */
  readonly slow: Specimen | null;
  /** Its first case raises inside the model, the second answers. */
  readonly raising: Specimen | null;
  /** Cannot be loaded. */
  readonly broken: Omit<Specimen, 'cases'>;
  /** A version that `canLoad` refuses. */
  readonly foreign: VersionMetadata;
}

export interface EngineUnderTest {
  readonly engine: Engine;
  readonly specimens: EngineSpecimens;
  /** Stops what the factory started beside the engine. */
  close(): Promise<void>;
}

const never = new AbortController().signal;
const staying = callerOf(never);
const ignore = (): void => undefined;

const callOf = (input: Payload): PredictCall => ({ input, params: noParams, requestId: 'suite' });

/** The code of the CountersignError that a promise rejects with. */
async function codeOf(promise: Promise<unknown>): Promise<ErrorCode> {
  const error = await promise.then(
    (value: unknown) => expect.fail(`resolved with ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(CountersignError);
  return (error as CountersignError).code;
}

/** What every engine promises; `make` is called once. */
export function engineSuite(name: string, make: () => Promise<EngineUnderTest>): void {
  describe(`engine ${name}`, () => {
    let subject: EngineUnderTest;
    const loaded: Servable[] = [];

    const load = async (specimen: Omit<Specimen, 'cases'>, signal = never): Promise<Servable> => {
      const loader = strictLoader(subject.engine.loader(specimen.metadata, specimen.artifact));
      const servable = await loader.load(signal, ignore);
      loaded.push(servable);
      return servable;
    };

    const expectAnswers = async (servable: Servable, specimen: Specimen): Promise<void> => {
      for (const { input, answer } of specimen.cases)
        expect(await servable.predict(callOf(input), staying)).toEqual(answer);
    };

    beforeAll(async () => {
      subject = await make();
    });

    afterAll(async () => {
      await Promise.all(loaded.map(async (servable) => servable.unload()));
      await subject.engine.close();
      await subject.close();
    });

    test('says from metadata alone what it can load, and why not', () => {
      expect(subject.engine.canLoad(subject.specimens.working.metadata)).toEqual({ ok: true });
      const refused = subject.engine.canLoad(subject.specimens.foreign);
      expect(refused.ok ? '' : refused.reason).not.toBe('');
    });

    test('a loaded version answers, again and again', async () => {
      const servable = await load(subject.specimens.working);
      expect(servable.engine).toBe(subject.engine.name);
      await expectAnswers(servable, subject.specimens.working);
      await expectAnswers(servable, subject.specimens.working);
    });

    test('each of many concurrent calls gets its own answer', async () => {
      const { cases } = subject.specimens.working;
      const servable = await load(subject.specimens.working);
      const many = Array.from({ length: 40 }, (_, i) => cases[i % cases.length]).filter(
        (c) => c !== undefined,
      );
      const answers = await Promise.all(many.map(({ input }) => servable.predict(callOf(input), staying)));
      expect(answers).toEqual(many.map(({ answer }) => answer));
    });

    test('takes tensors where the signature has tensors', async (context) => {
      const { tensors } = subject.specimens;
      if (tensors === null) return context.skip();
      await expectAnswers(await load(tensors), tensors);
    });

    test('versions load in parallel and answer side by side', async () => {
      const { working, other } = subject.specimens;
      const [first, second] = await Promise.all([load(working), load(other)]);
      await Promise.all([expectAnswers(first, working), expectAnswers(second, other)]);
    });

    test('says how it runs and what it would free', async () => {
      const servable = await load(subject.specimens.working);
      expect(servable.detail).not.toBe('');
      expect(servable.executors).toBeGreaterThanOrEqual(1);
      expect(servable.memoryBytes ?? 1).toBeGreaterThan(0);
    });

    test('a version that cannot be loaded is refused with one readable reason, and nothing else suffers', async () => {
      const { working, broken } = subject.specimens;
      const good = load(working);
      const bad: unknown = await load(broken).catch((thrown: unknown) => thrown);
      expect(bad).toBeInstanceOf(CountersignError);
      const { message } = bad as CountersignError;
      expect(message).not.toBe('');
      expect(message).not.toContain('\n');
      await expectAnswers(await good, working);
    });

    test('an aborted load rejects, and the version can be loaded afterwards', async () => {
      const { working } = subject.specimens;
      const leaving = new AbortController();
      const aborted = load(working, leaving.signal);
      leaving.abort(new Error('nobody wants it any more'));
      await expect(aborted).rejects.toThrow();
      await expectAnswers(await load(working), working);
    });

    test('a call whose caller has already left is not answered', async () => {
      const { working } = subject.specimens;
      const servable = await load(working);
      const input = working.cases[0]?.input ?? expect.fail();
      const gone = AbortSignal.abort(new Error('gone'));
      expect(await codeOf(servable.predict(callOf(input), callerOf(gone)))).toBe('CALLER_LEFT');
      await expectAnswers(servable, working);
    });

    test('a caller who leaves is let go at once, and later callers are answered', async (context) => {
      const { slow } = subject.specimens;
      if (slow === null) return context.skip();
      const servable = await load(slow);
      const input = slow.cases[0]?.input ?? expect.fail();
      const leaving = new AbortController();
      const left = servable.predict(callOf(input), callerOf(leaving.signal));
      const queued = servable.predict(callOf(input), callerOf(leaving.signal));
      leaving.abort(new Error('gone'));
      expect(await codeOf(left)).toBe('CALLER_LEFT');
      expect(await codeOf(queued)).toBe('CALLER_LEFT');
      await expectAnswers(servable, slow);
    });

    test('a call past its deadline ends with DEADLINE_EXCEEDED, and later callers are answered', async (context) => {
      const { slow } = subject.specimens;
      if (slow === null) return context.skip();
      const servable = await load(slow);
      const input = slow.cases[0]?.input ?? expect.fail();
      const late = servable.predict(callOf(input), callerOf(AbortSignal.timeout(200)));
      expect(await codeOf(late)).toBe('DEADLINE_EXCEEDED');
      await expectAnswers(servable, slow);
    });

    test("a model's exception is MODEL_FAILED, and the version goes on", async (context) => {
      const { raising } = subject.specimens;
      if (raising === null) return context.skip();
      const servable = await load(raising);
      const [bad, good] = raising.cases;
      if (bad === undefined || good === undefined) return expect.fail();
      expect(await codeOf(servable.predict(callOf(bad.input), staying))).toBe('MODEL_FAILED');
      expect(await servable.predict(callOf(good.input), staying)).toEqual(good.answer);
    });

    test('nothing is predicted after unload, and unloading twice is one unload', async () => {
      const { working } = subject.specimens;
      const servable = await load(working);
      const input = working.cases[0]?.input ?? expect.fail();
      await servable.unload();
      await servable.unload();
      expect(await codeOf(servable.predict(callOf(input), staying))).toBe('INTERNAL');
    });
  });
}
