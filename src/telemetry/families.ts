/**
 * Counters and histograms for what happens many times in every request. Their children are found by a look-up for
 * each label and then cost an addition; prom-client sorts and hashes its labels at each observation, which at ten of them a request
 * was a twentieth of its CPU time. Written as Prometheus' text format.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */

interface FamilyOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

/** The children whose first labels have certain values: by the value of the next label; at the end, the one child. */
class Branch<Child> {
  readonly next = new Map<string, Branch<Child>>();
  child: Child | null = null;
}

abstract class Family<Child> {
  protected readonly name: string;
  readonly #help: string;
  readonly #type: string;
  readonly #labelNames: readonly string[];
  /** By the values one after the other: joining them to one key costs more than all else here. */
  readonly #root = new Branch<Child>();
  readonly #children: { readonly labels: string; readonly child: Child }[] = [];

  constructor({ name, help, labelNames }: FamilyOptions, type: string) {
    this.name = name;
    this.#help = help;
    this.#type = type;
    this.#labelNames = labelNames;
  }

  /** The child with these values of the labels, in the order of their names. */
  of(...values: readonly string[]): Child {
    let branch = this.#root;
    for (const value of values) {
      let next = branch.next.get(value);
      if (next === undefined) {
        next = new Branch();
        branch.next.set(value, next);
      }
      branch = next;
    }
    branch.child ??= this.#add(values);
    return branch.child;
  }

  #add(values: readonly string[]): Child {
    const labels = this.#labelNames.map((name, index) => `${name}="${escapeValue(values[index] ?? '')}"`);
    const child = this.create();
    this.#children.push({ labels: labels.join(','), child });
    return child;
  }

  render(): string {
    const samples = this.#children.flatMap(({ labels, child }) => this.samples(child, labels));
    return [`# HELP ${this.name} ${this.#help}`, `# TYPE ${this.name} ${this.#type}`, ...samples].join('\n');
  }

  protected abstract create(): Child;
  protected abstract samples(child: Child, labels: string): readonly string[];
}

export interface Count {
  value: number;
}

export class CounterFamily extends Family<Count> {
  constructor(options: FamilyOptions) {
    super(options, 'counter');
  }

  protected create(): Count {
    return { value: 0 };
  }

  protected samples({ value }: Count, labels: string): readonly string[] {
    return [`${this.name}{${labels}} ${String(value)}`];
  }
}

export class HistogramFamily extends Family<Distribution> {
  readonly #buckets: readonly number[];

  /** `buckets`: their upper bounds, ascending. */
  constructor({ buckets, ...options }: FamilyOptions & { readonly buckets: readonly number[] }) {
    super(options, 'histogram');
    this.#buckets = buckets;
  }

  protected create(): Distribution {
    return new Distribution(this.#buckets);
  }

  protected samples({ counts, sum }: Distribution, labels: string): readonly string[] {
    let total = 0;
    const buckets = [...counts].map((count, index) => {
      total += count;
      return `${this.name}_bucket{le="${String(this.#buckets[index] ?? '+Inf')}",${labels}} ${String(total)}`;
    });
    return [
      ...buckets,
      `${this.name}_sum{${labels}} ${String(sum)}`,
      `${this.name}_count{${labels}} ${String(total)}`,
    ];
  }
}

/** What was observed under one set of labels. */
export class Distribution {
  /** By bucket, not added up; the last one takes what is beyond all bounds. */
  readonly counts: Float64Array;
  sum = 0;
  readonly #bounds: readonly number[];

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    let bucket = 0;
    while (value > (this.#bounds[bucket] ?? Number.POSITIVE_INFINITY)) bucket++;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sum += value;
  }
}

function escapeValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
