import { loadavg } from 'node:os';

import { type Spread, spread } from './statistics.ts';

/** How much else the machine was doing: a fixed piece of work, timed between the runs, is only ever slowed down. */
export class Noise {
  readonly #loops: number[] = [];
  readonly #loads: number[] = [];

  sample(): void {
    const began = performance.now();
    let sum = 0;
    for (let index = 0; index < 5_000_000; index++) sum = (sum + index * 7) % 1_000_003;
    if (sum < 0) throw new Error('the loop was left out');
    this.#loops.push(performance.now() - began);
    this.#loads.push(loadavg()[0] ?? 0);
  }

  report(): NoiseReport {
    const loop = spread(this.#loops);
    return { loopMs: loop, slowdown: loop.median / loop.min, load: spread(this.#loads) };
  }
}

export interface NoiseReport {
  /** Of a fixed loop on one thread. */
  readonly loopMs: Spread;
  /** The usual loop against the fastest: 1 on a machine that does nothing else. */
  readonly slowdown: number;
  /** Load average over a minute; the benchmark itself makes about two. */
  readonly load: Spread;
}
