import type { Socket } from 'node:net';
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { countersignError } from '../errors/countersign-error.ts';
import { problemAnswer } from './problem.ts';

/** Statuses of what Node's parser refuses; 400 for the rest. */
const statusOf: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Bytes that are no HTTP request never become one: a problem document straight onto the socket, and the end. */
export function answerMalformed(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (!socket.writable) socket.destroy();
  else socket.end(response(statusOf[error.code ?? ''] ?? 400), () => socket.destroy());
}

function response(status: number): string {
  const { body, contentType = '' } = problemAnswer(
    countersignError('MALFORMED_REQUEST').with({ status }),
    randomUUID(),
  );
  return [
    `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}`,
    `Content-Type: ${contentType}`,
    `Content-Length: ${String(Buffer.byteLength(body))}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}
