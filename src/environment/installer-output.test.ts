import { expect, test } from 'vitest';
import { failureOf, progressOf, withoutCredentials } from './installer-output.ts';

test.each([
  ['Resolved 30 packages in 1.26s', 'resolved 30 packages in 1.26 s'],
  ['Installed 1 package in 4ms', 'installed 1 package in 4 ms'],
  ['Bytecode compiled 11 files in 145ms', 'compiled 11 files to bytecode in 145 ms'],
  ['Downloading torch (190.1MiB)', 'downloading torch (190.1 MB)'],
  ['  Downloading six-1.16.0-py2.py3-none-any.whl (11 kB)', 'downloading six 1.16.0 (11 kB)'],
  ['Installing collected packages: six, idna', 'installing 2 packages'],
])('%s is said as: %s', (line, sentence) => {
  expect(progressOf(line)).toBe(sentence);
});

test.each([
  'Using Python 3.11.7 environment at: /x',
  ' + six==1.16.0',
  'Requirement already satisfied: six',
  '',
])('nobody waits to hear %j', (line) => {
  expect(progressOf(line)).toBeNull();
});

test("uv's error is told with what it tried first and why it failed in the end", () => {
  const output = `Using Python 3.11.7 environment at: e1
error: Request failed after 3 retries in 4.8s
  cause: Failed to fetch: http://user:secret@127.0.0.1:1/simple/x/
  cause: client error (Connect)
  cause: Connection refused (os error 111)
`;
  expect(failureOf(output)).toBe(
    'Request failed after 3 retries in 4.8s: Failed to fetch: http://***@127.0.0.1:1/simple/x/: ' +
      'Connection refused (os error 111)',
  );
});

test('errors of older releases of uv are put on one line', () => {
  const output = `  × No solution found when resolving dependencies:
  ╰─▶ Because there is no version of six==9.9.9 and you require six==9.9.9,
      we can conclude that your requirements are unsatisfiable.

      hint: something else`;
  expect(failureOf(output)).toBe(
    'No solution found when resolving dependencies: Because there is no version of six==9.9.9 and you require ' +
      'six==9.9.9, we can conclude that your requirements are unsatisfiable.',
  );
});

test("pip's last error is the one that names the requirement", () => {
  const output = `Collecting six==9.9.9
ERROR: Could not find a version that satisfies the requirement six==9.9.9 (from versions: 1.0)
ERROR: No matching distribution found for six==9.9.9
[notice] A new release of pip is available`;
  expect(failureOf(output)).toBe('No matching distribution found for six==9.9.9');
});

test('output without an error is told by its last line', () => {
  expect(failureOf('a\nspawn uv ENOENT\n\n')).toBe('spawn uv ENOENT');
  expect(failureOf('')).toBe('it said nothing');
});

test('credentials of a URL are covered, other text is left', () => {
  expect(withoutCredentials('https://u:p@h/x and http://token@h and six @ file:///a@b')).toBe(
    'https://***@h/x and http://***@h and six @ file:///a@b',
  );
});
