import { parse, type ScalarTag, type Tags } from 'yaml';

/**
 * Reads YAML that PyYAML wrote. It leaves some texts unquoted that YAML 1.2 takes for numbers: a run id such
 * as `12e45` or `0981` is text to PyYAML, so numbers are recognised here the way PyYAML does.
 *
 * Throws what the parser throws.
 */
export function parsePyYaml(text: string): unknown {
  return parse(text, { logLevel: 'error', customTags: (tags) => tags.map(asPyYamlSees) });
}

const integer = /^[-+]?(?:0|[1-9][0-9]*)$/;
const exponential = /^[-+]?[0-9]+\.[0-9]*[eE][-+][0-9]+$/;

function asPyYamlSees(tag: Tags[number]): Tags[number] {
  if (typeof tag === 'string' || !isScalarTag(tag)) return tag;
  if (tag.tag === 'tag:yaml.org,2002:int' && tag.format === undefined) return { ...tag, test: integer };
  if (tag.tag === 'tag:yaml.org,2002:float' && tag.format === 'EXP') return { ...tag, test: exponential };
  return tag;
}

function isScalarTag(tag: Exclude<Tags[number], string>): tag is ScalarTag {
  return tag.collection === undefined;
}
