import { writeFile } from 'node:fs/promises';

import { Command } from 'commander';

import { describeSignature } from '../../contract/describe-signature.ts';
import { contractFileText } from '../../endpoint/contract-file.ts';
import { pinContract } from '../../endpoint/pinned-contract.ts';
import { parseSelector } from '../../endpoint/selector.ts';
import { VersionDirectory } from '../../endpoint/version-directory.ts';
import { systemClock } from '../../util/clock.ts';
import { cliContext, openFrom } from '../context.ts';
import { addOptions, registryOptions } from '../options.ts';

export function lockCommand(): Command {
  const command = new Command('lock')
    .description(
      'Write the contract of a model to NAME.contract.json, to be committed and held to with --contract.',
    )
    .argument('<NAME>', 'registered model')
    .option('-o, --output <FILE>', 'file to write; default: NAME.contract.json')
    .option('--config <FILE>', 'config file');
  return addOptions(command, ['defaultVersion', ...registryOptions]).action(
    async (model: string, { output, ...flags }: { output?: string }) => {
      const context = await cliContext(flags);
      const registry = await openFrom(context);
      try {
        const { defaultVersion, compatibility } = context.options.forModel(model);
        const selector = defaultVersion === null ? null : parseSelector(defaultVersion);
        const { logger } = context;
        const { contract, because } = await pinContract(
          model,
          new VersionDirectory({ model, registry, clock: systemClock, logger }),
          {
            defaultVersion: selector?.kind === 'default' ? null : selector,
            contractFile: null,
            compatibility,
          },
          logger,
          new AbortController().signal,
        );
        const file = output ?? `${model}.contract.json`;
        await writeFile(file, contractFileText(contract));
        process.stdout.write(
          `${file}: version ${contract.version} (${because}): ${describeSignature(contract.signature)}\n`,
        );
      } finally {
        await registry.close();
      }
    },
  );
}
