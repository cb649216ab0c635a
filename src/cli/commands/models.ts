import { Command } from 'commander';

import { describeSignature } from '../../contract/describe-signature.ts';
import { writeSignature } from '../../contract/write.ts';
import { CountersignError } from '../../errors/countersign-error.ts';
import type { ModelSummary, Registry, RegisteredVersion } from '../../registry/registry.ts';
import { writeJson } from '../../util/write-json.ts';
import { cliContext, openFrom, terminalWidth } from '../context.ts';
import { addOptions, registryOptions } from '../options.ts';
import { table } from '../table.ts';

interface ListedVersion {
  readonly model: string;
  readonly version: string;
  readonly aliases: readonly string[];
  readonly flavors: readonly string[];
  readonly signature: string;
  /** The signature in MLflow's own grammar; null without one. */
  readonly schema: Readonly<Record<string, unknown>> | null;
  /** Why the version's MLmodel could not be read; absent when it could. */
  readonly problem?: string;
}

export function modelsCommand(): Command {
  const command = new Command('models')
    .description('List the models of the registry: versions, aliases, flavors, signatures.')
    .argument('[NAME...]', 'only these')
    .option('--json', 'as JSON')
    .option('--config <FILE>', 'config file');
  return addOptions(command, registryOptions).action(
    async (names: readonly string[], { json, ...flags }: { json?: boolean }) => {
      const context = await cliContext(flags);
      const registry = await openFrom(context);
      try {
        const listed = await listVersions(registry, names);
        process.stdout.write(json === true ? `${writeJson(listed, 2)}\n` : asTable(listed, registry.uri));
      } finally {
        await registry.close();
      }
    },
  );
}

async function listVersions(registry: Registry, names: readonly string[]): Promise<readonly ListedVersion[]> {
  const { signal } = new AbortController();
  const summaries =
    names.length === 0
      ? await registry.models(signal)
      : await Promise.all(names.map((name) => registry.model(name, signal)));
  const versions = summaries.flatMap((summary) => summary.versions.map((version) => ({ summary, version })));
  const listed: ListedVersion[] = [];
  // One by one: a registry of hundreds of versions is not asked for all of them at once.
  for (const { summary, version } of versions)
    listed.push(await listVersion(registry, summary, version, signal));
  return listed;
}

async function listVersion(
  registry: Registry,
  summary: ModelSummary,
  { model, version }: RegisteredVersion,
  signal: AbortSignal,
): Promise<ListedVersion> {
  const aliases = Object.keys(summary.aliases).filter((alias) => summary.aliases[alias] === version);
  try {
    const { flavors, signature } = await registry.describe({ model, version }, signal);
    return {
      model,
      version,
      aliases,
      flavors: Object.keys(flavors),
      signature: describeSignature(signature),
      schema: signature === null ? null : writeSignature(signature),
    };
  } catch (thrown) {
    const problem = CountersignError.from(thrown).message;
    return {
      model,
      version,
      aliases,
      flavors: [],
      signature: `unreadable: ${problem}`,
      schema: null,
      problem,
    };
  }
}

function asTable(listed: readonly ListedVersion[], uri: string): string {
  if (listed.length === 0) return `No registered models in ${uri}.\n`;
  const rows = listed.map(({ model, version, aliases, flavors, signature }) => [
    model,
    version,
    aliases.map((alias) => `@${alias}`).join(' '),
    flavors.join(' '),
    signature,
  ]);
  return `${table(['MODEL', 'VERSION', 'ALIASES', 'FLAVORS', 'SIGNATURE'], rows, { width: terminalWidth() })}\n`;
}
