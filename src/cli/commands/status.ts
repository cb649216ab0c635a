import { Command } from 'commander';

import type { DeployedModel } from '../../engine/ray/deployments.ts';
import type { WayInUse } from '../../engine/ray/way.ts';
import { writeJson } from '../../util/write-json.ts';
import { cliContext, terminalWidth } from '../context.ts';
import { notDeployed, withDeployments } from '../deployments.ts';
import { addOptions } from '../options.ts';
import { table } from '../table.ts';

export function statusCommand(): Command {
  const command = new Command('status')
    .description('Show the models that are deployed on a Ray cluster.')
    .argument('[NAME]', 'only this one')
    .option('--json', 'as JSON')
    .option('--config <FILE>', 'config file');
  return addOptions(command, ['rayAddress', 'logLevel']).action(
    async (name: string | undefined, { json, ...flags }: { json?: boolean }) => {
      await withDeployments(await cliContext(flags), async (deployments, signal) => {
        const all = await deployments.list(signal);
        const shown = name === undefined ? all : all.filter(({ model }) => model === name);
        if (name !== undefined && shown.length === 0) throw await notDeployed(name, deployments, signal);
        const { wayFromHere } = await import('../../engine/ray/way-from-here.ts');
        const reached = await Promise.all(
          shown.map(async (one) => ({ ...one, route: await wayFromHere(one.application, one) })),
        );
        process.stdout.write(json === true ? `${writeJson(reached.map(asJson), 2)}\n` : asTable(reached));
      });
    },
  );
}

/** With the way that requests take to it from here. */
type Reached = DeployedModel & { readonly route: WayInUse };

function asJson({
  model,
  application,
  status,
  replicas,
  runningReplicas,
  reason,
  config,
  route: { way, sentence },
}: Reached): object {
  return { model, application, status, replicas, runningReplicas, way, wayReason: sentence, reason, config };
}

function asTable(deployed: readonly Reached[]): string {
  if (deployed.length === 0) return 'No model is deployed.\n';
  const rows = deployed.map(({ model, application, status, replicas, runningReplicas, route, reason }) => [
    model,
    status,
    `${String(runningReplicas)} of ${String(replicas)}`,
    application,
    route.sentence,
    reason,
  ]);
  return `${table(['MODEL', 'STATUS', 'REPLICAS', 'APPLICATION', 'REQUESTS GO', 'REASON'], rows, { width: terminalWidth() })}\n`;
}
