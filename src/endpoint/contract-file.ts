import { readFile } from 'node:fs/promises';

import type { Contract } from '../contract/contract.ts';
import { parseSignature } from '../contract/parse.ts';
import { writeSignature } from '../contract/write.ts';
import { countersignError } from '../errors/countersign-error.ts';
import { parseExactJson } from '../util/exact-json.ts';
import { writeJson } from '../util/write-json.ts';

/** The text of `NAME.contract.json`: what `countersign lock` writes and `--contract` reads. */
export function contractFileText(contract: Contract): string {
  return (
    writeJson(
      {
        model: contract.model,
        version: contract.version,
        signature: contract.signature === null ? null : writeSignature(contract.signature),
      },
      2,
    ) + '\n'
  );
}

/** Reads a contract file for `model`. Throws INVALID_OPTION when it is none, or another model's. */
export async function readContractFile(path: string, model: string): Promise<Contract> {
  const bad = (what: string): Error => countersignError('INVALID_OPTION', '--contract', what);
  let parsed: unknown;
  try {
    parsed = parseExactJson(await readFile(path, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw bad(`${path} cannot be read as a contract: ${why}`);
  }
  if (!isContractDocument(parsed)) throw bad(`${path} is no contract file; \`countersign lock\` writes one`);
  if (parsed.model !== model) throw bad(`${path} is the contract of '${parsed.model}', not of '${model}'`);
  const hint = parsed.signature !== null && parsed.signature['is_signature_from_type_hint'] === true;
  return { model, version: parsed.version, signature: parseSignature(parsed.signature, hint) };
}

interface ContractDocument {
  readonly model: string;
  readonly version: string;
  readonly signature: Readonly<Record<string, unknown>> | null;
}

function isContractDocument(value: unknown): value is ContractDocument {
  if (typeof value !== 'object' || value === null) return false;
  const { model, version, signature } = value as Readonly<Record<string, unknown>>;
  return typeof model === 'string' && typeof version === 'string' && typeof signature === 'object';
}
