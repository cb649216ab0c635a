import { expect, test } from 'vitest';
import { SharedBuilds } from './shared-builds.ts';

const never = new AbortController().signal;
const ignore = (): void => undefined;

/** A job that is told when to end, and ends when it is aborted. */
function job(): {
  started: number;
  aborted: number;
  finish: (result: string) => void;
  say: (sentence: string) => void;
  run: (signal: AbortSignal, progress: (sentence: string) => void) => Promise<string>;
} {
  const self = {
    started: 0,
    aborted: 0,
    finish: ignore as (result: string) => void,
    say: ignore as (sentence: string) => void,
    run: (signal: AbortSignal, progress: (sentence: string) => void): Promise<string> =>
      new Promise((resolve, reject) => {
        self.started += 1;
        self.finish = resolve;
        self.say = progress;
        signal.addEventListener('abort', () => {
          self.aborted += 1;
          reject(signal.reason as Error);
        });
      }),
  };
  return self;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('one job runs however many ask, and all get its result and what it says', async () => {
  const shared = new SharedBuilds<string>();
  const work = job();
  const heard: string[] = [];
  const first = shared.run('k', never, (sentence) => heard.push(`1 ${sentence}`), work.run);
  await turn();
  work.say('half done');
  const second = shared.run('k', never, (sentence) => heard.push(`2 ${sentence}`), work.run);
  work.finish('done');
  expect(await Promise.all([first, second])).toEqual(['done', 'done']);
  expect(work.started).toBe(1);
  expect(heard).toEqual(['1 half done', '2 half done']);
});

test('one who leaves disturbs nobody, and the last one who leaves ends the job', async () => {
  const shared = new SharedBuilds<string>();
  const work = job();
  const [one, two] = [new AbortController(), new AbortController()];
  const first = shared.run('k', one.signal, ignore, work.run).catch((error: unknown) => String(error));
  const second = shared.run('k', two.signal, ignore, work.run).catch((error: unknown) => String(error));
  await turn();
  one.abort('one left');
  expect(await first).toBe('one left');
  expect(work.aborted).toBe(0);
  two.abort('two left');
  expect(await second).toBe('two left');
  expect(work.aborted).toBe(1);
});

test('a failure reaches everybody and is not remembered', async () => {
  const shared = new SharedBuilds<string>();
  const failing = (): Promise<string> => Promise.reject(new RangeError('no'));
  await expect(shared.run('k', never, ignore, failing)).rejects.toThrow('no');
  expect(await shared.run('k', never, ignore, () => Promise.resolve('yes'))).toBe('yes');
});

test('who has left already is not served', async () => {
  const work = job();
  const gone = AbortSignal.abort(new RangeError('gone'));
  await expect(new SharedBuilds<string>().run('k', gone, ignore, work.run)).rejects.toThrow('gone');
  expect(work.started).toBe(0);
});
