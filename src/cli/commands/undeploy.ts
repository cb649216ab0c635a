import { Command } from 'commander';

import type { Graph } from '../../graph/definition.ts';
import { memberModels } from '../../graph/member-models.ts';
import { parseGraphs } from '../../graph/parse-graphs.ts';
import { cliContext } from '../context.ts';
import { notDeployed, withDeployments } from '../deployments.ts';
import { addOptions } from '../options.ts';

export function undeployCommand(): Command {
  const command = new Command('undeploy')
    .description('Take models off a Ray cluster: their applications, and nothing else.')
    .argument('<NAME...>', 'models; for a composed one its members that no other asks')
    .option('--config <FILE>', 'config file');
  return addOptions(command, ['rayAddress', 'logLevel']).action(
    async (names: readonly string[], flags: Record<string, unknown>) => {
      const context = await cliContext(flags);
      const models = modelsOf(names, parseGraphs(context.options.graphs));
      await withDeployments(context, async (deployments, signal) => {
        for (const name of models) {
          if (!(await deployments.undeploy(name, signal))) throw await notDeployed(name, deployments, signal);
          process.stdout.write(`${name} is undeployed\n`);
        }
      });
    },
  );
}

/** Members that a composed model shares with one that is not named stay. */
function modelsOf(names: readonly string[], graphs: ReadonlyMap<string, Graph>): readonly string[] {
  const others = [...graphs.keys()].filter((name) => !names.includes(name));
  const shared = memberModels(others, graphs).map(({ model }) => model);
  const models = names.flatMap((name) =>
    graphs.has(name)
      ? memberModels([name], graphs).flatMap(({ model }) => (shared.includes(model) ? [] : [model]))
      : [name],
  );
  return [...new Set(models)];
}
