import { type PipelineGraph, requestSource, type Step } from './definition.ts';
import { parseStep, references, refuseUnknown } from './parse-step.ts';
import { closed, distinct, list, textOrNull } from './reading.ts';

/** What `pipeline` was given, or what stands under `pipeline` in a JSON or YAML config. */
export function parsePipeline(name: string, given: unknown, where: string): PipelineGraph {
  const read = Array.isArray(given)
    ? { steps: given }
    : closed(given, where, ['description', 'steps', 'output']);
  const steps = list(read['steps'], `${where}.steps`).map((step, index) =>
    parseStep(step, `${where}.steps[${String(index)}]`),
  );
  const members = distinct(
    steps.map(({ member }) => member),
    where,
  );
  const output = read['output'] === undefined ? null : references(read['output'], `${where}.output`);
  refuseUnknownSources(steps, output, where);
  return {
    kind: 'pipeline',
    name,
    description: textOrNull(read['description'], `${where}.description`),
    members,
    steps,
    output,
  };
}

/** A step may look at the request and at steps before it. */
function refuseUnknownSources(steps: readonly Step[], output: PipelineGraph['output'], where: string): void {
  const known = [requestSource];
  for (const { member, mapping } of steps) {
    refuseUnknown([...mapping.fields.values()], known, `${where}.${member.name}`);
    known.push(member.name);
  }
  refuseUnknown([...(output?.values() ?? [])], known, `${where}.output`);
}
