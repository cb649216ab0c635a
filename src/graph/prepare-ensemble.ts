import type { Schema } from '../contract/signature.ts';
import { countersignError } from '../errors/countersign-error.ts';
import { isRecord } from '../util/unknown.ts';
import { sameJson } from '../contract/same-json.ts';
import type { EnsembleGraph } from './definition.ts';
import { concatAnswers } from './ensemble-concat.ts';
import { meanAnswers } from './ensemble-mean.ts';
import { voteAnswers } from './ensemble-vote.ts';
import type { Combination, Contributor } from './ensemble-parts.ts';
import { type Contracts, placeOf, type Prepared, type Run, schemaOf } from './prepared.ts';
import { invalid } from './reading.ts';
import { RequestFields } from './request-fields.ts';
import { rowShape } from './row-shape.ts';

const combinations = { vote: voteAnswers, mean: meanAnswers, concat: concatAnswers } as const;

/** Models asked the same at the same time. */
export function prepareEnsemble(graph: EnsembleGraph, contracts: Contracts): Prepared {
  const where = placeOf(graph);
  const contributors = graph.parts.map((part): Contributor => {
    const outputs = schemaOf(part.member, 'outputs', contracts, where);
    const takes = rowShape(schemaOf(part.member, 'inputs', contracts, where));
    return { ...part, takes, answers: rowShape(outputs), outputs };
  });
  const { outputs, combine } = combinations[graph.combine](graph, contributors);
  return {
    signature: { inputs: inputsOf(graph, contributors, contracts), outputs, params: [], fromTypeHint: false },
    longs: 'bigint',
    run: (run) => askAll(graph.name, contributors, combine, run),
  };
}

function inputsOf(graph: EnsembleGraph, contributors: readonly Contributor[], contracts: Contracts): Schema {
  const where = placeOf(graph);
  const schemas = contributors.map(({ member }) => schemaOf(member, 'inputs', contracts, where));
  const [first] = schemas;
  if (first === undefined) throw invalid(where, 'it has no members');
  if (schemas.some((schema) => !schema.named || schema.kind === 'tensors')) {
    const different = schemas.findIndex((schema) => !sameJson(schema, first));
    if (different < 0) return first;
    const [a, b] = [contributors[0]?.member.name ?? '', contributors[different]?.member.name ?? ''];
    throw invalid(where, `'${a}' and '${b}' do not take the same; write a function`);
  }
  return columnsOf(contributors, where);
}

function columnsOf(contributors: readonly Contributor[], where: string): Schema {
  const request = new RequestFields();
  for (const { member, takes, renamed } of contributors) {
    const fields = takes.kind === 'record' ? takes.fields : new Map<string, never>();
    for (const name of renamed.keys()) {
      if (!fields.has(name)) throw invalid(`${where}.${member.name}.input`, `it takes no \`${name}\``);
    }
    for (const [name, field] of fields) {
      request.need(renamed.get(name) ?? name, field, `${member.name}.${name}`);
    }
  }
  return request.schema(where);
}

async function askAll(
  graph: string,
  contributors: readonly Contributor[],
  combine: Combination['combine'],
  run: Run,
): Promise<readonly unknown[]> {
  const answers = await Promise.all(
    contributors.map(async (contributor) => {
      const rows = run.rows.map((row) => inputOf(contributor, row));
      return { contributor, answers: await run.ask(contributor.member, rows, {}) };
    }),
  );
  return run.rows.map((_, row) => {
    const contributions = answers.flatMap(({ contributor, answers: list }) =>
      list === null ? [] : [{ contributor, answer: list[row] }],
    );
    if (contributions.length === 0) throw countersignError('NO_MEMBER_ANSWERED', graph);
    return combine(contributions);
  });
}

/** What of the request a member takes, under its own names. */
function inputOf({ takes, renamed }: Contributor, row: unknown): unknown {
  if (takes.kind === 'bare' || !isRecord(row)) return row;
  const fields = [...takes.fields.keys()].map((name) => [name, renamed.get(name) ?? name] as const);
  const present = fields.filter(([, from]) => Object.hasOwn(row, from));
  return Object.fromEntries(present.map(([name, from]) => [name, row[from]]));
}
