import type { Outcome } from './replay.ts';

/** Passed and failed by category, twice: with the room that cases leave, and held to the recorded answers alone. */
export function table(outcomes: readonly Outcome[]): string {
  const categories = [...new Set(outcomes.map(({ case: { category } }) => category))].sort();
  const rows = categories.map((category) =>
    row(
      category,
      outcomes.filter((outcome) => outcome.case.category === category),
    ),
  );
  return [heading, ...rows, row('all', outcomes)].join('\n');
}

/** How many requests we read ourselves, and how many went to MLflow's own code beside the model. */
export function ways(outcomes: readonly Outcome[]): { typed: number; raw: number; neither: number } {
  const stages = outcomes.map(({ answer }) => answer.stages ?? '');
  const raw = stages.filter((text) => /\binvoke;/.test(text)).length;
  const typed = stages.filter((text) => /\bdecode;/.test(text)).length;
  return { typed, raw, neither: stages.length - typed - raw };
}

const heading = `${''.padEnd(20)} ${'with room'.padStart(20)} ${'strict'.padStart(24)}`;

function row(name: string, outcomes: readonly Outcome[]): string {
  const counts = (['withRoom', 'strict'] as const).map((verdict) => {
    const passed = outcomes.filter((outcome) => outcome[verdict] === null).length;
    return `${String(passed).padStart(6)} passed ${String(outcomes.length - passed).padStart(5)} failed`;
  });
  return [name.padEnd(20), ...counts].join(' ');
}
