import { Command } from 'commander';

import { cliContext } from '../context.ts';
import { notDeployed, withDeployments } from '../deployments.ts';
import { addOptions } from '../options.ts';

export function undeployCommand(): Command {
  const command = new Command('undeploy')
    .description('Take models off a Ray cluster: their applications, and nothing else.')
    .argument('<NAME...>', 'models')
    .option('--config <FILE>', 'config file');
  return addOptions(command, ['rayAddress', 'logLevel']).action(
    async (names: readonly string[], flags: Record<string, unknown>) => {
      await withDeployments(await cliContext(flags), async (deployments, signal) => {
        for (const name of names) {
          if (!(await deployments.undeploy(name, signal))) throw await notDeployed(name, deployments, signal);
          process.stdout.write(`${name} is undeployed\n`);
        }
      });
    },
  );
}
