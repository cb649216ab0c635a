import { Command } from 'commander';

import { compareSignatures, isAcceptable } from '../../contract/compare.ts';
import type { Comparison } from '../../contract/contract.ts';
import type { Signature } from '../../contract/signature.ts';
import { resolveModelUri } from '../../registry/model-uri.ts';
import { writeJson } from '../../util/write-json.ts';
import { type CliContext, cliContext, openFrom, terminalWidth } from '../context.ts';
import { addOptions, registryOptions } from '../options.ts';
import { table } from '../table.ts';

/** Callers would break: the exit code that lets a pipeline refuse a version. */
const exitBreaks = 6;

export function diffCommand(): Command {
  const command = new Command('diff')
    .description('Tell whether callers of A would break if B answered them; exits 6 when they would.')
    .argument('<A>', 'the contract: models:/NAME/1, models:/NAME@alias, runs:/ID/model or a folder')
    .argument('<B>', 'the version to put in its place')
    .option('--json', 'as JSON')
    .option('--config <FILE>', 'config file');
  return addOptions(command, ['compatibility', ...registryOptions]).action(
    async (a: string, b: string, { json, ...flags }: { json?: boolean }) => {
      const context = await cliContext(flags);
      const comparison = compareSignatures(await signatureOf(context, a), await signatureOf(context, b));
      process.stdout.write(json === true ? `${writeJson(comparison, 2)}\n` : asText(a, b, comparison));
      const { compatibility } = context.options.forModel('');
      if (!isAcceptable(comparison, compatibility)) process.exitCode = exitBreaks;
    },
  );
}

async function signatureOf(context: CliContext, uri: string): Promise<Signature | null> {
  const { signal } = new AbortController();
  const opened = await openFrom(context);
  try {
    const { registry, version } = await resolveModelUri(opened, uri, signal);
    return (await registry.describe(version, signal)).signature;
  } finally {
    await opened.close();
  }
}

function asText(a: string, b: string, { verdict, differences }: Comparison): string {
  const summary = `${b} is ${verdict} with ${a}.\n`;
  if (differences.length === 0) return summary;
  const rows = differences.map(({ path, kind, breaking, contract, version, message }) => [
    breaking ? 'BREAKS' : 'fine',
    path,
    kind,
    contract ?? '-',
    version ?? '-',
    message,
  ]);
  return `${table(['', 'PATH', 'KIND', 'A', 'B', ''], rows, { width: terminalWidth() })}\n\n${summary}`;
}
