/** Reads what uv and pip print, for people who wait and for those who have to correct something. */

/** A sentence for one line of uv or pip; null for a line that says nothing to somebody who waits. */
export function progressOf(line: string): string | null {
  const text = line.trim();
  const resolved = /^Resolved (\d+) packages? in (.+)$/.exec(text);
  if (resolved !== null) return `resolved ${packages(resolved[1])} in ${spaced(resolved[2])}`;
  const installed = /^Installed (\d+) packages? in (.+)$/.exec(text);
  if (installed !== null) return `installed ${packages(installed[1])} in ${spaced(installed[2])}`;
  const compiled = /^Bytecode compiled (\d+) files? in (.+)$/.exec(text);
  if (compiled !== null) return `compiled ${compiled[1] ?? ''} files to bytecode in ${spaced(compiled[2])}`;
  return downloadOf(text) ?? pipStep(text);
}

function downloadOf(text: string): string | null {
  const match = /^Downloading (\S+) \(([\d.]+)\s*([KMGkmg]?i?[Bb])\)/.exec(text);
  if (match === null) return null;
  // pip names the file, uv the package.
  const name = (match[1] ?? '').replace(/-(\d[^-]*)-.*\.whl(\.metadata)?$/, ' $1');
  return `downloading ${name} (${match[2] ?? ''} ${(match[3] ?? '').replace('i', '')})`;
}

function pipStep(text: string): string | null {
  if (/^Building (?!.*file:)/.test(text) && !text.includes('...')) return `building ${text.slice(9)}`;
  if (text.startsWith('Installing collected packages: ')) {
    return `installing ${packages(String(text.split(',').length))}`;
  }
  return null;
}

const packages = (count = '0'): string => `${count} ${count === '1' ? 'package' : 'packages'}`;
/** '4.20s' as '4.20 s'. */
const spaced = (duration = ''): string => duration.replace(/(\d)([a-zµ])/g, '$1 $2');

/**
 * The one line that says why: pip's last `ERROR:`, or uv's error with its first cause, and the last one where
 * it is another (the first names what was tried, the last why it could not be).
 */
export function failureOf(output: string): string {
  const lines = withoutCredentials(output)
    .split(/\r?\n/)
    .map((line) => line.trim());
  const pip = lines.filter((line) => line.startsWith('ERROR: ')).map((line) => line.slice(7));
  const last =
    pip.findLast((line) => !/^Failed to build|subprocess-exited-with-error/.test(line)) ?? pip.at(-1);
  if (last !== undefined) return last;
  const error = lines.findIndex((line) => /^(error:|×)/.test(line));
  if (error === -1) return lines.findLast((line) => line !== '') ?? 'it said nothing';
  const said = paragraphs(lines.slice(error));
  return [said[0], said[1], said.length > 2 ? said.at(-1) : undefined]
    .filter((part) => part !== undefined)
    .map((part) => part.replace(/:$/, ''))
    .join(': ');
}

/** uv's error and its causes, each on one line, the marks in front of them gone. */
function paragraphs(lines: readonly string[]): readonly string[] {
  const found: string[] = [];
  for (const line of lines) {
    if (line === '' || line.startsWith('hint:')) break;
    const start = /^(?:error:|cause:|Caused by:|×|├─▶|╰─▶)\s*(.*)$/.exec(line);
    if (start !== null) found.push(start[1] ?? '');
    else found.push(`${found.pop() ?? ''} ${line.replace(/^│\s*/, '')}`.trim());
  }
  return found;
}

/** The text with the user names and passwords of its URLs covered. */
export function withoutCredentials(text: string): string {
  return text.replace(/(\w:\/\/)[^/\s@]+@/g, '$1***@');
}
