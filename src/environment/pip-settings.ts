import type { Variables } from './run.ts';

const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== '');
const commas = (text: string): string => words(text).join(',');

/** pip's variable, uv's that means the same, those of uv that overrule it, and how the value is rewritten. */
const translations: readonly {
  readonly pip: string;
  readonly uv: string;
  readonly unless: readonly string[];
  readonly value: (text: string) => string;
}[] = [
  {
    pip: 'PIP_INDEX_URL',
    uv: 'UV_DEFAULT_INDEX',
    unless: ['UV_DEFAULT_INDEX', 'UV_INDEX_URL'],
    value: (text) => text.trim(),
  },
  {
    pip: 'PIP_EXTRA_INDEX_URL',
    uv: 'UV_EXTRA_INDEX_URL',
    unless: ['UV_INDEX', 'UV_EXTRA_INDEX_URL'],
    value: (text) => words(text).join(' '),
  },
  // pip takes the best version of all its indexes, uv by default only looks into the first that has the name.
  {
    pip: 'PIP_EXTRA_INDEX_URL',
    uv: 'UV_INDEX_STRATEGY',
    unless: ['UV_INDEX', 'UV_EXTRA_INDEX_URL', 'UV_INDEX_STRATEGY'],
    value: () => 'unsafe-best-match',
  },
  { pip: 'PIP_FIND_LINKS', uv: 'UV_FIND_LINKS', unless: ['UV_FIND_LINKS'], value: commas },
  { pip: 'PIP_CERT', uv: 'SSL_CERT_FILE', unless: ['SSL_CERT_FILE'], value: (text) => text.trim() },
  {
    pip: 'PIP_TRUSTED_HOST',
    uv: 'UV_INSECURE_HOST',
    unless: ['UV_INSECURE_HOST'],
    value: (text) => words(text).join(' '),
  },
];

/** Of the parent's environment, these would lead a build into another environment or make it import slowly. */
const misleading = ['PYTHONDONTWRITEBYTECODE', 'PYTHONHOME', 'PYTHONPATH', 'VIRTUAL_ENV', 'CONDA_PREFIX'];

/** The user's variables for a process that builds an environment. */
export function buildVariables(env: Variables): Variables {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !misleading.includes(name)));
}

/** The same, with what the user set for pip said to uv, unless it is set for uv. Nothing is ever written to a file. */
export function uvVariables(env: Variables): Variables {
  const added: Record<string, string> = {};
  for (const { pip, uv, unless, value } of translations) {
    const text = env[pip];
    if (text === undefined || text === '' || unless.some((name) => env[name] !== undefined)) continue;
    added[uv] = value(text);
  }
  return { ...buildVariables(env), ...added };
}
