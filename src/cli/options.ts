import { type Command, Option } from 'commander';

import { type OptionName, type OptionRow, optionTable } from '../config/options.ts';

/** Adds rows of the option table to a command; values stay text until `resolveOptions` reads them. */
export function addOptions(command: Command, names: readonly OptionName[]): Command {
  for (const name of names) command.addOption(commanderOption(name));
  if (names.includes('batching')) command.addOption(new Option('--no-batching').hideHelp());
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
  const option = new Option(`${row.flag}${value}`, `${row.help} (${facts(row)})`);
  if (row.choices !== undefined && name !== 'host') option.choices(row.choices);
  return option;
}

function facts(row: OptionRow): string {
  const unit = row.type === 'seconds' ? ' s' : '';
  const fallback =
    row.default === null || row.default === false ? [] : [`default ${String(row.default)}${unit}`];
  return [row.env, ...fallback].join(', ');
}
