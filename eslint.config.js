import js from '@eslint/js';
import node from 'eslint-plugin-n';
import tseslint from 'typescript-eslint';

const clockOnly = ['setTimeout', 'setInterval', 'Date'].map((name) => ({
  name,
  message: 'Time goes through util/clock.ts, so that tests can hold it.',
}));

export default tseslint.config(
  { ignores: ['dist/', '.cache/', 'node_modules/', 'examples/registry/', 'web/'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['*.js', 'bin/*.js'] } } },
    plugins: { n: node },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      // What is left of `import { type X } from 'node:http'` still loads node:http.
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowNullish: false },
      ],
      eqeqeq: 'error',
      'no-console': 'error',
      'n/prefer-node-protocol': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportAllDeclaration', message: 'Name what you export.' },
        { selector: 'TSEnumDeclaration', message: 'Use a union.' },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/**/*.test.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportAllDeclaration', message: 'Name what you export.' },
        { selector: 'TSEnumDeclaration', message: 'Use a union.' },
        {
          selector: "ThrowStatement > NewExpression[callee.name='Error']",
          message: 'Throw countersignError(CODE, ...): the catalogue owns words and status.',
        },
      ],
      'no-restricted-globals': ['error', ...clockOnly],
    },
  },
  { files: ['src/util/clock.ts'], rules: { 'no-restricted-globals': 'off' } },
  {
    files: ['src/cli/**/*.ts', 'scripts/**/*.ts', 'bench/main.ts', 'bin/*.js'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['**/*.js'],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: { globals: { process: 'readonly', setInterval: 'readonly', URL: 'readonly' } },
  },
);
