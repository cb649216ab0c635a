import { parseSignature } from '../contract/parse.ts';
import { countersignError } from '../errors/countersign-error.ts';
import { asRecord, asText, isRecord, reasonOf, type UnknownRecord } from '../util/unknown.ts';
import { parsePyYaml } from './pyyaml.ts';
import type { ExampleInfo, VersionMetadata, VersionRef } from './registry.ts';

export const mlmodelFile = 'MLmodel';

/**
 * Reads the text of an `MLmodel` file. MLFLOW.md section 1 has its fields.
 *
 * Errors: INVALID_MLMODEL, INVALID_SIGNATURE.
 */
export function parseMlmodel(text: string, version: VersionRef): VersionMetadata {
  const file = parseYaml(text, version);
  const fromTypeHint = file['is_signature_from_type_hint'] === true;
  return {
    model: version.model,
    version: version.version,
    flavors: readFlavors(file['flavors'], version),
    signature: parseSignature(file['signature'], fromTypeHint),
    mlflowVersion: asText(file['mlflow_version']),
    modelId: asText(file['model_id']),
    runId: asText(file['run_id']),
    metadata: asRecord(file['metadata']),
    example: readExample(file['saved_input_example_info']),
  };
}

export function missingMlmodel(version: VersionRef): Error {
  return invalid(version, 'its artifact has no file of that name');
}

function parseYaml(text: string, version: VersionRef): UnknownRecord {
  const file = tryParse(text, version);
  if (!isRecord(file)) throw invalid(version, 'it is not a YAML mapping');
  return file;
}

function tryParse(text: string, version: VersionRef): unknown {
  try {
    return parsePyYaml(text);
  } catch (thrown) {
    throw invalid(version, `it is not YAML (${reasonOf(thrown).replace(/:$/, '')})`);
  }
}

function readFlavors(value: unknown, version: VersionRef): VersionMetadata['flavors'] {
  const flavors = Object.entries(asRecord(value));
  if (flavors.length === 0) throw invalid(version, 'it names no flavors, so nothing can load it');
  return Object.fromEntries(flavors.map(([name, configuration]) => [name, asRecord(configuration)]));
}

function readExample(value: unknown): ExampleInfo | null {
  const info = asRecord(value);
  const path = asText(info['artifact_path']);
  if (path === null) return null;
  return {
    path,
    type: asText(info['type']) ?? 'unknown',
    servingPath: asText(info['serving_input_path']),
  };
}

function invalid(version: VersionRef, what: string): Error {
  return countersignError('INVALID_MLMODEL', `version ${version.version} of '${version.model}': ${what}`);
}
