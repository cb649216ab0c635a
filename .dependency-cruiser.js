import { layers } from './layers.js';

const pathOf = Object.fromEntries(layers.map(({ room, path }) => [room, path]));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...layers.map(({ room, path, imports }) => ({
      name: `${room.replace('/', '-')}-imports-only-downwards`,
      comment: `${room} may import ${imports.join(', ') || 'nothing of src/'}; see layers.js`,
      severity: 'error',
      from: { path, pathNot: '\\.test\\.ts$' },
      to: { path: '^src/', pathNot: [path, ...imports.map((other) => pathOf[other])] },
    })),
    {
      name: 'every-file-has-a-room',
      comment: 'A file of src/ that no row of layers.js covers.',
      severity: 'error',
      from: { path: '^src/', pathNot: layers.map(({ path }) => path) },
      to: {},
    },
    { name: 'no-circular', severity: 'error', from: { path: '^src/' }, to: { circular: true } },
    {
      name: 'not-to-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-tests-in-the-product',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.test\\.ts$' },
      to: { path: ['^test/', '\\.test\\.ts$', '^scripts/'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
    },
  },
};
