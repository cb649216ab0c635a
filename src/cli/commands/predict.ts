import { readFile, writeFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';

import { Command, InvalidArgumentError, Option } from 'commander';

import { createMlflowCodec } from '../../codec/mlflow.ts';
import type { EncodedAnswer } from '../../codec/codec.ts';
import type { OptionName } from '../../config/options.ts';
import { countersignError } from '../../errors/countersign-error.ts';
import { createGateway, type GatewayParts } from '../../gateway.ts';
import { cliContext } from '../context.ts';
import { addOptions, registryOptions } from '../options.ts';
import { gatewayParts } from './serve.ts';
import { callerOf } from '../../util/caller.ts';

const options: readonly OptionName[] = [
  'modelUri',
  'name',
  'envManager',
  'engine',
  'mlflowExact',
  ...registryOptions,
];

interface PredictFlags {
  readonly inputPath?: string;
  readonly outputPath?: string;
  readonly contentType: 'json' | 'csv';
  readonly env?: Readonly<Record<string, string>>;
}

const contentTypes = { json: 'application/json', csv: 'text/csv' } as const;

export function predictCommand(): Command {
  const command = new Command('predict')
    .description(
      'Answer one body of /invocations with a model, as `mlflow models predict` does; opens no port.',
    )
    .option('--config <FILE>', 'config file; default: countersign.config.{ts,js,json,yaml}')
    .option('-i, --input-path <FILE>', 'the body; default: standard input')
    .option('-o, --output-path <FILE>', 'where the answer goes; default: standard output')
    .addOption(
      new Option('-t, --content-type <TYPE>', 'format of the body').choices(['json', 'csv']).default('json'),
    )
    .option('--env <KEY=VALUE>', 'environment variable of the model; can be repeated', addVariable);
  return addOptions(command, options).action(
    async ({ inputPath, outputPath, contentType, env, ...flags }: PredictFlags & Record<string, unknown>) => {
      Object.assign(process.env, env);
      const context = await cliContext(flags);
      if (context.options.modelUri === null)
        throw countersignError(
          'INVALID_OPTION',
          '--model-uri',
          'name the model: models:/NAME/VERSION, runs:/..., a folder',
        );
      const body = inputPath === undefined ? await buffer(process.stdin) : await readInput(inputPath);
      const answer = await predict(patient(await gatewayParts(context, [])), body, contentTypes[contentType]);
      if (outputPath === undefined) process.stdout.write(`${Buffer.from(answer.body).toString()}\n`);
      else await writeFile(outputPath, answer.body);
    },
  );
}

function addVariable(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It has to be KEY=VALUE.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

async function readInput(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw countersignError('INVALID_OPTION', '--input-path', `it cannot be read: ${reason}`);
  }
}

/** Nobody waits on a connection: a file may take as long as it takes. */
function patient(parts: GatewayParts): GatewayParts {
  const { forModel } = parts.options;
  const timeoutMs = Number.POSITIVE_INFINITY;
  return { ...parts, options: { ...parts.options, forModel: (name) => ({ ...forModel(name), timeoutMs }) } };
}

async function predict(parts: GatewayParts, body: Uint8Array, contentType: string): Promise<EncodedAnswer> {
  const gateway = await createGateway(parts);
  try {
    const [failure] = await gateway.start();
    if (failure !== undefined) throw failure.error;
    const { signal } = new AbortController();
    let version = '';
    const endpoint = await gateway.catalogue.endpoint(null, signal);
    const answer = await endpoint.call(
      {
        selector: { kind: 'default' },
        terms: 'contract',
        codec: createMlflowCodec(),
        request: { body, contentType, query: new URLSearchParams() },
        requestId: 'predict',
        caller: callerOf(signal),
      },
      {
        resolved: (_model, resolved) => (version = resolved),
        stage: () => undefined,
      },
    );
    if ((answer.status ?? 200) === 200) return answer;
    throw countersignError('MODEL_OUTPUT_UNSUPPORTED', endpoint.name, version, 'a value that is no JSON');
  } finally {
    await gateway.close();
  }
}
