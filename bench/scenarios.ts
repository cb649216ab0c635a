/** What is asked of which model. */
export interface Scenario {
  readonly name: string;
  /** The registered model that countersign serves. */
  readonly ours: string;
  /** The one that the other servers serve: the same estimator. */
  readonly theirs: string;
  /** Where MLflow can serve the very same model, it is measured too. */
  readonly same?: string;
  readonly columns: readonly string[];
  readonly cell: (row: number, column: number) => number | string;
  /** Requests of a thousand rows too. */
  readonly long: boolean;
  /** Part of the quick run. */
  readonly quick: boolean;
}

const iris = ['sepal length', 'sepal width', 'petal length', 'petal width'];
const flowers = [
  [5.1, 3.5, 1.4, 0.2],
  [5.9, 3.0, 4.2, 1.5],
  [6.3, 3.3, 6.0, 2.5],
] as const;
const irisCell = (row: number, column: number): number => (flowers[row % 3] ?? flowers[0])[column % 4] ?? 0;

const wide = Array.from({ length: 50 }, (_, index) => `f${String(index)}`);
/** Multiples of an eighth, which float32 holds exactly. */
const wideCell = (row: number, column: number): number => (((row * 31 + column * 17) % 41) - 20) / 8;

export const scenarios: readonly Scenario[] = [
  {
    name: 'iris forest, ONNX',
    ours: 'iris_forest_onnx',
    theirs: 'iris_forest',
    same: 'iris_forest_onnx',
    columns: iris,
    cell: irisCell,
    long: true,
    quick: true,
  },
  {
    name: 'iris forest, pyfunc',
    ours: 'iris_forest',
    theirs: 'iris_forest',
    columns: iris,
    cell: irisCell,
    long: true,
    quick: true,
  },
  {
    name: '50-column boosting, ONNX',
    ours: 'wide_boosting_onnx',
    theirs: 'wide_boosting',
    same: 'wide_boosting_onnx',
    columns: wide,
    cell: wideCell,
    long: true,
    quick: false,
  },
  {
    name: '50-column boosting, pyfunc',
    ours: 'wide_boosting',
    theirs: 'wide_boosting',
    columns: wide,
    cell: wideCell,
    long: true,
    quick: false,
  },
  {
    name: 'echo, pyfunc',
    ours: 'echo',
    theirs: 'echo',
    columns: ['x'],
    cell: (row) => row + 0.5,
    long: false,
    quick: false,
  },
  {
    name: 'text, pyfunc',
    ours: 'shout',
    theirs: 'shout',
    columns: ['text'],
    cell: (row) => `good morning, number ${String(row)}`,
    long: false,
    quick: false,
  },
];

/** The body of `/invocations` with so many rows. */
export function splitBody({ columns, cell }: Scenario, rows: number): string {
  const data = cells(columns, cell, rows);
  return JSON.stringify({ dataframe_split: { columns, data } });
}

/** The same rows as a body of `/serve`. */
export function serveBody({ columns, cell }: Scenario, rows: number): string {
  const data = cells(columns, cell, rows).map((row) =>
    Object.fromEntries(columns.map((name, index) => [name, row[index]])),
  );
  return JSON.stringify(data);
}

function cells(
  columns: readonly string[],
  cell: Scenario['cell'],
  rows: number,
): readonly (readonly (number | string)[])[] {
  return Array.from({ length: rows }, (_, row) => columns.map((_name, column) => cell(row, column)));
}
