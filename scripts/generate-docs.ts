/**
 * Writes the documents that come from tables in the code: docs/errors.md, docs/options.md and the table of rooms in
 * docs/architecture.md. With --check it writes nothing and exits 1 when one of them is out of date.
 */
import { readFileSync, writeFileSync } from 'node:fs';

import { layers } from './layers.ts';
import { optionTable, type OptionRow } from '../src/config/options.ts';
import { catalogue, type ErrorRow, httpStatus } from '../src/errors/catalogue.ts';

const check = process.argv.includes('--check');
const mark = { begin: '<!-- rooms: generated from scripts/layers.ts -->', end: '<!-- /rooms -->' };

const documents: Readonly<Record<string, string>> = {
  'docs/errors.md': errorsPage(),
  'docs/options.md': optionsPage(),
  'docs/architecture.md': withRooms(readFileSync('docs/architecture.md', 'utf8')),
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

function withRooms(text: string): string {
  const [before = '', rest = ''] = text.split(mark.begin);
  const after = rest.split(mark.end)[1] ?? '';
  const rows = layers.map(({ room, imports }) => `| \`${room}\` | ${imports.join(', ') || 'nothing'} |`);
  const table = ['| room | may import |', '|---|---|', ...rows].join('\n');
  return `${before}${mark.begin}\n\n${table}\n\n${mark.end}${after}`;
}
