import { type Command, Option } from 'commander';

import { type OptionName, type OptionRow, optionTable } from '../config/options.ts';
import { addMlflowFlags } from './mlflow-flags.ts';

/** Adds rows of the option table to a command; values stay text until `resolveOptions` reads them. */
export function addOptions(command: Command, names: readonly OptionName[]): Command {
  for (const name of names) command.addOption(commanderOption(name));
  if (names.includes('batching')) command.addOption(new Option('--no-batching').hideHelp());
  if (names.includes('envManager')) addMlflowFlags(command);
  return command;
}

/** Options that say where the models are; every command that reads a registry takes them. */
export const registryOptions: readonly OptionName[] = [
  'trackingUri',
  'registryUri',
  'artifactsDestination',
  'python',
  'cacheDir',
  'logLevel',
];

export const allOptions = Object.keys(optionTable) as OptionName[];

function commanderOption(name: OptionName): Option {
  const row: OptionRow = optionTable[name];
  const value = row.value === undefined ? '' : name === 'host' ? ` [${row.value}]` : ` <${row.value}>`;
  const option = new Option(`${row.flag}${value}`, `${row.help} (${facts(row)})`).helpGroup(`${row.group}:`);
  // The row's name, also where it is no camel case.
  option.attributeName = () => name;
  return option;
}

/** `auto, local, uv or virtualenv; default auto; COUNTERSIGN_ENV_MANAGER` */
function facts(row: OptionRow): string {
  const { choices = [], env } = row;
  const oneOf =
    choices.length === 0 ? [] : [`${choices.slice(0, -1).join(', ')} or ${String(choices.at(-1))}`];
  const fallback = row.default === null || row.default === false ? [] : [`default ${written(row)}`];
  return [...oneOf, ...fallback, env].join('; ');
}

function written({ type, default: value }: OptionRow): string {
  if (type === 'seconds') return `${String(value)} s`;
  if (type === 'bytes' && typeof value === 'number') return `${String(value / 1024 ** 2)} MiB`;
  return String(value);
}
