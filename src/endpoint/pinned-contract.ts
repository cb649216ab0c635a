import { compareSignatures, isAcceptable } from '../contract/compare.ts';
import type { Contract } from '../contract/contract.ts';
import { countersignError } from '../errors/countersign-error.ts';
import type { Logger } from '../telemetry/logger.ts';
import { readContractFile } from './contract-file.ts';
import type { EndpointSettings } from './settings.ts';
import { newest, type VersionDirectory } from './version-directory.ts';

/** What the default version pinned, once: it never moves by itself. */
export interface Pinned {
  readonly contract: Contract;
  /** The version that answers when the caller names none. */
  readonly defaultVersion: string;
  /** How the default was found, for a person. */
  readonly because: string;
}

/** What decides the default version. */
type PinningSettings = Pick<EndpointSettings, 'defaultVersion' | 'contractFile' | 'compatibility'>;

const conventionalAliases = ['production', 'champion'];

/**
 * Decides the default version and the contract it pins: the version asked for, else the one a contract file
 * names, else the alias `production` or `champion`, else the newest, with a warning.
 *
 * Throws CONTRACT_BROKEN when the default cannot honour a contract file.
 */
export async function pinContract(
  model: string,
  directory: VersionDirectory,
  settings: PinningSettings,
  logger: Logger,
  signal: AbortSignal,
): Promise<Pinned> {
  const file = settings.contractFile === null ? null : await readContractFile(settings.contractFile, model);
  const { version, because } = await findDefault(model, directory, settings, file, logger, signal);
  const { signature } = await directory.metadata(version, signal);
  if (file === null) return { contract: { model, version, signature }, defaultVersion: version, because };

  const comparison = compareSignatures(file.signature, signature);
  if (!isAcceptable(comparison, settings.compatibility)) {
    const breaks = comparison.differences.filter((difference) => difference.breaking);
    throw countersignError(
      'CONTRACT_BROKEN',
      `Version ${version} of '${model}', the default,`,
      (breaks.length > 0 ? breaks : comparison.differences).map((difference) => difference.message),
    ).with({ details: { differences: comparison.differences } });
  }
  return { contract: file, defaultVersion: version, because };
}

async function findDefault(
  model: string,
  directory: VersionDirectory,
  settings: PinningSettings,
  file: Contract | null,
  logger: Logger,
  signal: AbortSignal,
): Promise<{ version: string; because: string }> {
  if (settings.defaultVersion !== null) {
    const version = await directory.resolve(settings.defaultVersion, signal, () =>
      Promise.reject(countersignError('INTERNAL')),
    );
    return { version, because: 'asked for' };
  }
  if (file !== null) {
    const version = await directory.resolve({ kind: 'version', version: file.version }, signal, () =>
      Promise.reject(countersignError('INTERNAL')),
    );
    return { version, because: 'named by the contract file' };
  }
  const summary = await directory.summary(signal);
  for (const alias of conventionalAliases) {
    const version = Object.hasOwn(summary.aliases, alias) ? summary.aliases[alias] : undefined;
    if (version !== undefined) return { version, because: `alias ${alias}` };
  }
  const version = newest(summary);
  logger.warn(
    { model, version },
    'the newest version pins the contract; a restart may pin another: set --default-version, or an alias production',
  );
  return { version, because: 'the newest version' };
}
