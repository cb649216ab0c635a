import { Command } from 'commander';

import { applicationConfig } from '../../engine/ray/application.ts';
import { hostDirectory } from '../../engine/ray/host-directory.ts';
import { packHost } from '../../engine/ray/package.ts';
import { countersignError } from '../../errors/countersign-error.ts';
import { createGateway, type GatewayParts, registeredModels } from '../../gateway.ts';
import { writeJson } from '../../util/write-json.ts';
import { type CliContext, cliContext } from '../context.ts';
import { withDeployments } from '../deployments.ts';
import { addOptions, allOptions } from '../options.ts';
import { gatewayParts } from './serve.ts';

export function deployCommand(): Command {
  const command = new Command('deploy')
    .description(
      'Deploy models on a Ray cluster without serving them: `serve --engine ray` finds them there.',
    )
    .argument('[NAME...]', 'registered models, or composed ones: their members')
    .option('--dry-run', 'print the Serve config and change nothing')
    .option('--config <FILE>', 'config file; default: countersign.config.{ts,js,json,yaml}')
    .helpOption('--help', 'show this');
  return addOptions(command, allOptions).action(
    async (names: readonly string[], { dryRun, ...flags }: Record<string, unknown>) => {
      if (flags['host'] === true) command.help();
      const context = await cliContext(flags);
      const parts = await gatewayParts(context, names);
      if (parts.named.length === 0) {
        await parts.registry.close();
        throw countersignError('INVALID_OPTION', 'NAME', 'name the models to deploy');
      }
      await (dryRun === true ? printConfig(parts) : deploy(context, parts));
    },
  );
}

/** What a PUT would say of these models; the applications of others would stand beside them. */
async function printConfig(parts: GatewayParts): Promise<void> {
  const { options, registry } = parts;
  await registry.close();
  const { uri: hostUri } = await packHost(hostDirectory);
  const { maxVersions } = options;
  const applications = registeredModels(parts).map((model) =>
    applicationConfig({ model, scale: options.forModel(model).ray, maxVersions, hostUri }),
  );
  process.stdout.write(`${writeJson({ applications }, 2)}\n`);
}

/** A gateway that never opens its port: it pins the contract, deploys, loads the default and tries its example. */
async function deploy(context: CliContext, parts: GatewayParts): Promise<void> {
  const { options } = parts;
  const forModel = (model: string) => ({ ...options.forModel(model), engine: 'ray' as const });
  const gateway = await createGateway({ ...parts, options: { ...options, forModel } });
  const failures = await gateway.start().finally(() => gateway.close());
  for (const { model, error } of failures.slice(1))
    context.logger.error({ model, error }, 'this model is not deployed');
  if (failures[0] !== undefined) throw failures[0].error;
  const models = registeredModels(parts);
  await withDeployments(context, async (deployments, signal) => {
    for (const { model, application, status, runningReplicas } of await deployments.list(signal)) {
      if (!models.includes(model)) continue;
      const count = `${String(runningReplicas)} replica${runningReplicas === 1 ? '' : 's'}`;
      process.stdout.write(`${model} is deployed as ${application}: ${status}, ${count}\n`);
    }
  });
}
