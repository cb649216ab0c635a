import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { stringify } from 'yaml';

type Columns = Readonly<Record<string, string | Readonly<Record<string, unknown>>>>;

export interface FolderModel {
  /** Column name to MLflow type, or to what a nested one is; absent for a model without a signature. */
  readonly inputs?: Columns;
  readonly outputs?: Columns;
  /** A Python module with `_load_pyfunc(path)`: MLflow's loader interface. */
  readonly python?: string;
  /** A file of test/data/onnx, without its extension. */
  readonly onnx?: string;
  /** Lines of requirements.txt. */
  readonly requirements?: readonly string[];
}

/** Writes NAME/VERSION of a registry that is a plain folder, as MLflow lays out a saved model. */
export async function writeModel(
  root: string,
  name: string,
  version: string,
  model: FolderModel,
): Promise<string> {
  const directory = join(root, name, version);
  await mkdir(join(directory, 'code'), { recursive: true });
  const requirements = (model.requirements ?? []).join('\n');
  await writeFile(join(directory, 'requirements.txt'), `${requirements}\n`);
  await writeFile(join(directory, 'python_env.yaml'), 'dependencies:\n- -r requirements.txt\n');
  if (model.python !== undefined) await writeFile(join(directory, 'code', 'behaviour.py'), model.python);
  if (model.onnx !== undefined) {
    const file = `${model.onnx}.onnx`;
    await copyFile(resolve(import.meta.dirname, '../data/onnx', file), join(directory, file));
  }
  await writeFile(join(directory, 'MLmodel'), stringify(mlmodel(model)));
  return directory;
}

function mlmodel({ inputs, outputs, onnx }: FolderModel): object {
  const env = { virtualenv: 'python_env.yaml' };
  const flavors =
    onnx === undefined
      ? { python_function: { loader_module: 'behaviour', code: 'code', data: 'code', env } }
      : {
          onnx: { data: `${onnx}.onnx`, onnx_version: '1.20.0' },
          python_function: { loader_module: 'mlflow.onnx', data: `${onnx}.onnx`, env },
        };
  const signature = { inputs: schema(inputs), outputs: schema(outputs), params: null };
  return { flavors, mlflow_version: '3.17.2', ...(inputs !== undefined && { signature }) };
}

function schema(columns: Columns | undefined): string | null {
  if (columns === undefined) return null;
  const specs = Object.entries(columns).map(([name, type]) => ({
    name,
    required: true,
    ...(typeof type === 'string' ? { type } : type),
  }));
  return JSON.stringify(specs);
}

/** A Python module whose model answers what the body of `predict(model_input)` returns. */
export function pythonModel(body: string, atLoad = 'pass'): string {
  const indented = (text: string): string => text.trim().replaceAll('\n', '\n        ');
  return `import os, sys, time
import pandas as pd


class Model:
    def __init__(self):
        ${indented(atLoad)}

    def predict(self, model_input, params=None):
        ${indented(body)}


def _load_pyfunc(path):
    return Model()
`;
}
