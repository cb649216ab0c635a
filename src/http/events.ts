import { CountersignError } from '../errors/countersign-error.ts';
import { writeJson } from '../util/write-json.ts';
import type { Answer } from './answer.ts';
import { problem } from './problem.ts';

/** @see https://html.spec.whatwg.org/multipage/server-sent-events.html */
const eventStream = 'text/event-stream';

/** True when `Accept` names server-sent events itself: a wildcard means JSON. */
export function asksForEvents(accept: string | undefined): boolean {
  return (accept ?? '').split(',').some((range) => {
    const [type = '', ...params] = range.split(';').map((part) => part.trim().toLowerCase());
    return type === eventStream && !params.some((param) => /^q=0(?:\.0*)?$/.test(param));
  });
}

export interface EventOptions {
  readonly requestId: string;
  /** The caller's connection. */
  readonly signal: AbortSignal;
  /** Told of a failure after the first item, when the status has been sent. */
  readonly onError: (error: CountersignError) => void;
}

/**
 * The items as events: one `data` each, then `event: done`; or `event: error` with a problem document, and the
 * end. The first item is awaited here, so that a failure before it has a status of its own.
 */
export async function eventAnswer(items: AsyncIterable<string>, options: EventOptions): Promise<Answer> {
  const iterator = items[Symbol.asyncIterator]();
  const first = await iterator.next();
  // A caller who leaves before the first read: the events below never start, so they cannot end the model's.
  options.signal.addEventListener('abort', () => void iterator.return?.(), { once: true });
  return {
    contentType: `${eventStream}; charset=utf-8`,
    // Proxies that buffer would hold the events back.
    headers: { 'cache-control': 'no-cache', 'x-accel-buffering': 'no' },
    body: events(iterator, first, options),
  };
}

/** The reader pulls: while nobody reads, the model waits. A reader that stops ends the iterator. */
async function* events(
  iterator: AsyncIterator<string>,
  first: IteratorResult<string>,
  options: EventOptions,
): AsyncGenerator<string> {
  try {
    for (let item = first; item.done !== true; item = await iterator.next()) yield event(null, item.value);
    yield event('done', '{}');
  } catch (thrown) {
    const error = CountersignError.from(thrown);
    options.onError(error);
    yield event('error', writeJson(problem(error, options.requestId)));
  } finally {
    await iterator.return?.();
  }
}

function event(name: string | null, data: string): string {
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return `${name === null ? '' : `event: ${name}\n`}${lines.join('')}\n`;
}
