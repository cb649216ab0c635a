import { parseType } from './parse-type.ts';
import { allNamed, fail, list, optionalName, record, type JsonRecord } from './reading.ts';
import type { DataType, ParamSpec } from './signature.ts';

/** The params schema; null and an empty list are both "takes none". */
export function parseParams(part: unknown, path: string): readonly ParamSpec[] {
  if (part === null) return [];
  const params = list(part, path).map((spec, index) => {
    const at = `${path}/${String(index)}`;
    return parseParam(record(spec, at), at);
  });
  allNamed(
    params.map((param) => param.name),
    path,
  );
  return params;
}

function parseParam(spec: JsonRecord, path: string): ParamSpec {
  const name = optionalName(spec, path) ?? fail(path, 'a param without a name');
  if (!spec.has('default')) fail(path, `no default of the param '${name}'`);
  return { name, type: parseParamType(spec, path), array: isArray(spec, path), default: spec.get('default') };
}

/** A param is a scalar but binary, an array of them, or an object; old files say `dtype` for `type`. */
function parseParamType(spec: JsonRecord, path: string): DataType {
  const type = parseType(spec, path, spec.get('type') ?? spec.get('dtype'));
  return type.kind === 'binary' ? fail(path, 'a binary param') : type;
}

function isArray(spec: JsonRecord, path: string): boolean {
  const shape = spec.get('shape') ?? null;
  if (shape === null) return false;
  if (Array.isArray(shape) && shape.length === 1 && shape[0] === -1) return true;
  return fail(`${path}/shape`, 'a shape that is neither null nor [-1]');
}
