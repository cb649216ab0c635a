import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { buffersOf, type Answer, type Question } from './messages.ts';

export interface LinkEvents {
  readonly onAnswer: (answer: Answer) => void;
  /** The thread or process is gone, whether it was asked to or not. Called once. */
  readonly onGone: (reason: string) => void;
}

/** The way to a session elsewhere. */
export interface Link {
  /** The buffers of its tensors change hands where the other side shares this process's memory. */
  post(question: Question): void;
  /** Ends it: a thread when what it runs is done, a process at once. */
  end(): void;
}

export type Isolation = 'thread' | 'process';

// From `src` Node strips the types itself; `dist` has JavaScript.
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const entry = (name: Isolation): URL => new URL(`./${name}-entry.${extension}`, import.meta.url);

export function openLink(isolation: Isolation, events: LinkEvents): Link {
  return isolation === 'thread' ? openThread(events) : openProcess(events);
}

/** A thread's heap holds hardly more than the strings of one run; left to itself its youngest part grows to tens of MB. */
const maxYoungGenerationSizeMb = 8;

/** Never terminated: that aborts the whole process while onnxruntime is running on it. */
function openThread({ onAnswer, onGone }: LinkEvents): Link {
  const worker = new Worker(entry('thread'), { name: 'onnx', resourceLimits: { maxYoungGenerationSizeMb } });
  let reason = 'the thread ended';
  worker.on('message', onAnswer);
  worker.on('error', (error: unknown) => {
    reason = error instanceof Error ? error.message : String(error);
  });
  worker.on('exit', () => {
    onGone(reason);
  });
  return {
    post: (question) => {
      worker.postMessage(question, buffersOf(question));
    },
    end: () => {
      worker.postMessage({ kind: 'end' } satisfies Question);
    },
  };
}

function openProcess({ onAnswer, onGone }: LinkEvents): Link {
  const child = fork(fileURLToPath(entry('process')), [String(process.pid)], {
    serialization: 'advanced',
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  let gone = false;
  const leave = (reason: string): void => {
    if (!gone) onGone(reason);
    gone = true;
  };
  child.on('message', (answer) => {
    onAnswer(answer as Answer);
  });
  child.on('error', (error) => {
    if (child.pid === undefined) leave(error.message);
  });
  child.on('exit', (code, signal) => {
    leave(`the process ended (${signal ?? `exit ${String(code)}`})`);
  });
  return {
    // A failed send shows as `exit`.
    post: (question) => child.send(question, () => undefined),
    end: () => child.kill('SIGKILL'),
  };
}
