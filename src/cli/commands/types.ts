import { writeFile } from 'node:fs/promises';

import { Command, Option } from 'commander';

import type { Contract } from '../../contract/contract.ts';
import type { Catalogue } from '../../endpoint/endpoint.ts';
import { CountersignError } from '../../errors/countersign-error.ts';
import { createGateway } from '../../gateway.ts';
import { declareModels } from '../../graph/declare-models.ts';
import { systemClock } from '../../util/clock.ts';
import { type CliContext, cliContext, openFrom } from '../context.ts';
import { addOptions, registryOptions } from '../options.ts';

interface Flags {
  readonly output?: string;
  readonly longs: 'number' | 'bigint';
}

export function typesCommand(): Command {
  const command = new Command('types')
    .description('Write the rows of models, from their contracts, as TypeScript types for `compose`.')
    .argument('[NAME...]', 'registered or composed models; default: all of them')
    .option('-o, --output <FILE>', 'file to write, such as countersign-models.d.ts; default: standard output')
    .addOption(
      new Option('--longs <TYPE>', 'what a long is, as `longs` of compose says')
        .choices(['number', 'bigint'])
        .default('number'),
    )
    .option('--config <FILE>', 'config file');
  return addOptions(command, ['defaultVersion', 'contract', ...registryOptions]).action(
    async (names: readonly string[], { output, longs, ...flags }: Flags) => {
      const context = await cliContext(flags);
      const contracts = await contractsOf(context, names);
      const declared = await declareModels(contracts, longs);
      if (output === undefined) {
        process.stdout.write(declared);
        return;
      }
      await writeFile(output, declared);
      process.stdout.write(`${output}: ${contracts.map(({ model }) => model).join(', ')}\n`);
    },
  );
}

/** A gateway that loads nothing: contracts come from metadata alone. */
async function contractsOf(context: CliContext, names: readonly string[]): Promise<readonly Contract[]> {
  const { options, logger } = context;
  const registry = await openFrom(context);
  const gateway = await createGateway({
    options,
    named: [],
    whole: true,
    defaultModel: null,
    registry,
    env: process.env,
    clock: systemClock,
    logger,
  });
  const { signal } = new AbortController();
  try {
    if (names.length === 0) return await allContracts(gateway.catalogue, context, signal);
    return await Promise.all(
      names.map(async (name) => (await gateway.catalogue.endpoint(name, signal)).contract(signal)),
    );
  } finally {
    await gateway.close();
  }
}

/** One model that cannot be read does not keep the types of the others from being written. */
async function allContracts(
  catalogue: Catalogue,
  { logger }: CliContext,
  signal: AbortSignal,
): Promise<readonly Contract[]> {
  const found: Contract[] = [];
  for (const name of await catalogue.names(signal)) {
    try {
      found.push(await (await catalogue.endpoint(name, signal)).contract(signal));
    } catch (thrown) {
      logger.warn({ model: name, error: CountersignError.from(thrown) }, 'no types for this model');
    }
  }
  return found;
}
