import type { Answer, LoadAnswer, Question, SessionSettings } from './messages.ts';
import { readModelFile } from './model-file.ts';
import { messageOf, Session } from './session.ts';

/**
 * One session in a thread or process of its own. Takes questions one by one, in order; `end` calls back when the session
 * is given back.
 */
export function serveSession(reply: (answer: Answer) => void, end: () => void): (question: Question) => void {
  let session: Session | null = null;
  let last: Promise<void> = Promise.resolve();
  const load = async (path: string, settings: SessionSettings): Promise<LoadAnswer> => {
    try {
      session = new Session(await readModelFile(path), settings);
      return { kind: 'loaded', graph: session.graph };
    } catch (error) {
      return { kind: 'refused', reason: messageOf(error) };
    }
  };
  const handle = async (question: Question): Promise<void> => {
    if (question.kind === 'end') {
      session?.end();
      end();
    } else if (question.kind === 'load') {
      reply(await load(question.path, question.settings));
    } else {
      reply(session?.run(question.feeds) ?? { kind: 'failed', reason: 'no model is loaded' });
    }
  };
  return (question) => {
    last = last.then(() => handle(question));
  };
}
