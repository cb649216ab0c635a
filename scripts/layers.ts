/**
 * The rooms of src/ and what each may import, from the top of the house to the bottom. One table: the layer check
 * enforces it and docs/architecture.md shows it.
 */
export interface Layer {
  readonly room: string;
  /** Regular expression over paths from the root of the checkout. */
  readonly path: string;
  readonly imports: readonly string[];
}

const base = ['telemetry', 'config', 'errors', 'util'];
const pure = ['codec', 'contract', 'payload'];

export const layers: readonly Layer[] = [
  {
    room: 'index',
    path: '^src/(index|deployment)\\.ts$',
    imports: ['gateway', 'graph', 'registry', 'serving', 'endpoint', ...pure, ...base],
  },
  {
    room: 'cli',
    path: '^src/cli/',
    imports: [
      'index',
      'gateway',
      'graph',
      'endpoint',
      'engine/ray',
      'registry',
      'environment',
      ...pure,
      ...base,
    ],
  },
  {
    room: 'gateway',
    path: '^src/gateway\\.ts$',
    imports: [
      'http',
      'graph',
      'endpoint',
      'serving',
      'engine',
      'engine/onnx',
      'engine/python',
      'engine/ray',
      'environment',
      'registry',
      ...pure,
      ...base,
    ],
  },
  { room: 'http', path: '^src/http/', imports: ['endpoint', 'serving', ...pure, ...base] },
  { room: 'graph', path: '^src/graph/', imports: ['endpoint', ...pure, ...base] },
  { room: 'endpoint', path: '^src/endpoint/', imports: ['serving', 'engine', 'registry', ...pure, ...base] },
  { room: 'serving', path: '^src/serving/', imports: ['engine', 'registry', 'payload', ...base] },
  {
    room: 'engine/onnx',
    path: '^src/engine/onnx/',
    imports: ['engine', 'registry', 'contract', 'payload', ...base],
  },
  {
    room: 'engine/python',
    path: '^src/engine/python/',
    imports: ['engine', 'frames', 'environment', 'registry', 'contract', 'payload', ...base],
  },
  {
    room: 'engine/ray',
    path: '^src/engine/ray/',
    imports: ['engine', 'frames', 'environment', 'registry', 'contract', 'payload', ...base],
  },
  { room: 'engine', path: '^src/engine/[^/]+\\.ts$', imports: ['registry', 'payload', ...base] },
  { room: 'frames', path: '^src/frames/', imports: ['contract', 'payload', ...base] },
  { room: 'environment', path: '^src/environment/', imports: ['registry', ...base] },
  { room: 'registry', path: '^src/registry/', imports: ['contract', ...base] },
  { room: 'codec', path: '^src/codec/', imports: ['contract', 'payload', 'registry', 'errors', 'util'] },
  { room: 'contract', path: '^src/contract/', imports: ['payload', 'errors', 'util'] },
  { room: 'payload', path: '^src/payload/', imports: ['errors', 'util'] },
  { room: 'telemetry', path: '^src/telemetry/', imports: ['errors', 'util'] },
  { room: 'config', path: '^src/config/', imports: ['errors', 'util'] },
  { room: 'errors', path: '^src/errors/', imports: [] },
  { room: 'util', path: '^src/util/', imports: ['errors'] },
];
