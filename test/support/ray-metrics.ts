import type { Served } from './served.ts';

/** What a gateway says of the replicas it asked. */
export interface RayCounters {
  /** Requests by way and replica. */
  readonly requests: readonly { readonly way: string; readonly replica: string; readonly count: number }[];
  /** Loads that began, by replica. */
  readonly loads: ReadonlyMap<string, number>;
  /** Which way and why, by application. */
  readonly ways: ReadonlyMap<string, { readonly way: string; readonly reason: string }>;
}

export async function rayCounters(served: Served): Promise<RayCounters> {
  const text = await (await served.get('/metrics')).text();
  const samples = [...text.matchAll(/^countersign_ray_(\w+)\{(.*)\} (\S+)$/gm)].map(
    ([, name, labels, value]) => ({
      name,
      value: Number(value),
      label: (wanted: string): string => new RegExp(`${wanted}="([^"]*)"`).exec(labels ?? '')?.[1] ?? '',
    }),
  );
  const of = (name: string): typeof samples => samples.filter((sample) => sample.name === name);
  return {
    requests: of('requests_total').map(({ label, value }) => ({
      way: label('way'),
      replica: label('replica'),
      count: value,
    })),
    loads: new Map(of('replica_loads').map(({ label, value }) => [label('replica'), value])),
    ways: new Map(
      of('way').map(({ label }) => [label('application'), { way: label('way'), reason: label('reason') }]),
    ),
  };
}

export const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, one) => total + one, 0);
