/**
 * Writes the documents that come from tables in the code: docs/errors.md, docs/options.md, the table of rooms in
 * docs/architecture.md and the table of differences in docs/mlflow-compatibility.md. With --check it writes nothing and
 * exits 1 when one of them is out of date.
 */
import { readFileSync, writeFileSync } from 'node:fs';

import { layers } from './layers.ts';
import { optionTable, type OptionRow } from '../src/config/options.ts';
import { catalogue, type ErrorRow, httpStatus } from '../src/errors/catalogue.ts';
import { caseModels, readCases } from '../test/conformance/case.ts';
import { differences } from '../test/conformance/differences.ts';
import { isDeclared } from '../test/conformance/judge.ts';

const check = process.argv.includes('--check');

const documents: Readonly<Record<string, string>> = {
  'docs/errors.md': errorsPage(),
  'docs/options.md': optionsPage(),
  'docs/architecture.md': withTable('docs/architecture.md', 'rooms', 'scripts/layers.ts', rooms()),
  'docs/mlflow-compatibility.md': withTable(
    'docs/mlflow-compatibility.md',
    'differences',
    'test/conformance/differences.ts',
    differencesTable(),
  ),
};

for (const [file, text] of Object.entries(documents)) {
  if (!check) {
    writeFileSync(file, text);
  } else if (readFileSync(file, 'utf8') !== text) {
    console.log(`${file} is out of date: run npm run docs`);
    process.exitCode = 1;
  }
}

function errorsPage(): string {
  const rows = Object.entries(catalogue).map(([code, row]: [string, ErrorRow]) => {
    const retry = row.retryable === true ? 'yes' : '';
    const exit = row.exit === undefined ? '' : String(row.exit);
    return `| <a id="${code}"></a>\`${code}\` | ${row.kind} | ${String(httpStatus[row.kind])} | ${retry} | ${exit} | ${row.hint ?? ''} |`;
  });
  return `# Errors

Generated from \`src/errors/catalogue.ts\` by \`npm run docs\`. Match on \`code\`: codes are permanent, messages are for
people and may get better. Our own routes answer RFC 9457 \`application/problem+json\`; MLflow's routes answer
\`{"error_code", "message"}\`. Exit is the exit code of a command that ends with the error (else 1).

| code | kind | status | retry may help | exit | what to do |
|---|---|---|---|---|---|
${rows.join('\n')}
`;
}

function optionsPage(): string {
  const rows = Object.entries(optionTable).map(([key, row]: [string, OptionRow]) => {
    const unit = row.type === 'seconds' ? ' s' : '';
    const fallback = row.default === null ? '' : `\`${String(row.default)}\`${unit}`;
    const choices =
      row.choices === undefined ? '' : ` One of ${row.choices.map((choice) => `\`${choice}\``).join(', ')}.`;
    const perModel = row.perModel === true ? 'yes' : '';
    const flag = `${row.flag}${row.value === undefined ? '' : ` ${row.value}`}`;
    return `| \`${flag}\` | \`${row.env}\` | \`${key}\` | ${perModel} | ${fallback} | ${row.help}.${choices} |`;
  });
  return `# Options

Generated from \`src/config/options.ts\` by \`npm run docs\`. Flags win over environment variables, and those over the
config file (\`countersign.config.{ts,js,json,yaml}\`, or \`--config FILE\`). Under \`models.NAME\` the config file may set,
for that model alone, what the fourth column marks.

| flag | environment | config key | per model | default | meaning |
|---|---|---|---|---|---|
${rows.join('\n')}
`;
}

/** The document with the table between its marks. */
function withTable(file: string, name: string, source: string, table: readonly string[]): string {
  const mark = { begin: `<!-- ${name}: generated from ${source} -->`, end: `<!-- /${name} -->` };
  const [before = '', rest = ''] = readFileSync(file, 'utf8').split(mark.begin);
  const after = rest.split(mark.end)[1] ?? '';
  return `${before}${mark.begin}\n\n${table.join('\n')}\n\n${mark.end}${after}`;
}

function rooms(): readonly string[] {
  const rows = layers.map(({ room, imports }) => `| \`${room}\` | ${imports.join(', ') || 'nothing'} |`);
  return ['| room | may import |', '|---|---|', ...rows];
}

/** By kind; an entry whose cases leave that room, and one whose cases do not, are told apart by the last column. */
function differencesTable(): readonly string[] {
  const cases = caseModels().flatMap(readCases);
  const rows = differences.map((entry) => {
    const kind = 'room' in entry ? entry.room : entry.ours;
    const count = cases.filter((each) => isDeclared(entry, each)).length;
    const [inRoom, ours] = 'room' in entry ? [String(count), ''] : ['', String(count)];
    return { kind, row: `| ${kind} | ${entry.reason.replaceAll('|', '\\|')} | ${inRoom} | ${ours} |` };
  });
  const sorted = rows.toSorted((one, other) => one.kind.localeCompare(other.kind)).map(({ row }) => row);
  return ['| kind | why | cases with this code | others |', '|---|---|---|---|', ...sorted];
}
