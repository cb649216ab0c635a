import type { Difference } from './contract.ts';

export type Subject = 'input' | 'output' | 'param';

/** Where a difference is, for the machine and for a person. */
export interface Place {
  readonly path: string;
  /** As it stands in a sentence: "input `prompt`", "property `zip` of input `address`". */
  readonly words: string;
  readonly subject: Subject;
}

/** What the two sides say at a place; null where a side says nothing. */
export interface Said {
  readonly contract: string | null;
  readonly version: string | null;
}

/** A row of the table: whether it breaks, and the sentence. Requests are inputs and params. */
interface KindRow {
  readonly request: { readonly breaking: boolean; readonly message: Sentence } | null;
  readonly answer: { readonly breaking: boolean; readonly message: Sentence } | null;
}

type Sentence = (words: string, contract: string, version: string) => string;

const fine = (message: Sentence): { breaking: boolean; message: Sentence } => ({ breaking: false, message });
const breaks = (message: Sentence): { breaking: boolean; message: Sentence } => ({ breaking: true, message });

const changed: Sentence = (words, contract, version) =>
  `${words} is ${contract} in the contract and ${version} here`;

/** The table of compatibility RULES section 3. `removed` of an output is decided where it is found. */
const kinds = {
  removed: {
    request: breaks((words) => `${words} is gone: its value would be ignored`),
    answer: breaks((words) => `${words} is gone, and the contract requires it`),
  },
  optional_removed: {
    request: null,
    answer: fine((words) => `${words} is gone; it is optional in the contract`),
  },
  added_required: {
    request: breaks((words) => `${words} is required and callers of the contract do not send it`),
    answer: null,
  },
  added_optional: {
    request: fine((words) => `${words} is new, and callers of the contract may leave it out`),
    answer: null,
  },
  added: { request: null, answer: fine((words) => `${words} is new: callers of the contract do not get it`) },
  now_required: {
    request: breaks((words) => `${words} is required now, and callers of the contract may leave it out`),
    answer: fine((words) => `${words} is always there now`),
  },
  now_optional: {
    request: fine((words) => `${words} may be left out now`),
    answer: breaks((words) => `${words} may be missing now, and the contract requires it`),
  },
  type_widened: {
    request: fine(
      (words, contract, version) => `${words} takes ${version} now, which holds every ${contract}`,
    ),
    answer: breaks(
      (words, contract, version) => `${words} is ${version} now, which ${contract} cannot always hold`,
    ),
  },
  type_narrowed: {
    request: breaks(
      (words, contract, version) => `${words} takes only ${version} now: not every ${contract} is one`,
    ),
    answer: fine(
      (words, contract, version) => `${words} is ${version} now, every value of which is ${contract} too`,
    ),
  },
  type_changed: { request: breaks(changed), answer: breaks(changed) },
  shape_widened: {
    request: fine(
      (words, contract, version) => `${words} takes shape ${version} now, which admits ${contract}`,
    ),
    answer: breaks(
      (words, contract, version) => `${words} has shape ${version} now; the contract promises ${contract}`,
    ),
  },
  shape_narrowed: {
    request: breaks(
      (words, contract, version) => `${words} takes only shape ${version} now, not all of ${contract}`,
    ),
    answer: fine(
      (words, contract, version) => `${words} always has shape ${version} now, within ${contract}`,
    ),
  },
  shape_changed: { request: breaks(changed), answer: breaks(changed) },
  schema_removed: {
    request: breaks((words) => `the version says nothing about its ${words}`),
    answer: breaks((words) => `the version says nothing about its ${words}, and the contract does`),
  },
  schema_added: {
    request: breaks((words) => `the contract says nothing about ${words}, and the version demands some`),
    answer: fine((words) => `the version describes its ${words}, and the contract promises none`),
  },
  kind_changed: {
    request: breaks(
      (words, contract, version) => `the ${words} are ${contract} in the contract and ${version} here`,
    ),
    answer: breaks(
      (words, contract, version) => `the ${words} are ${contract} in the contract and ${version} here`,
    ),
  },
  naming_changed: {
    request: breaks(
      (words, contract, version) => `the ${words} are ${contract} in the contract and ${version} here`,
    ),
    answer: breaks(
      (words, contract, version) => `the ${words} are ${contract} in the contract and ${version} here`,
    ),
  },
  protocol_changed: {
    request: breaks(
      (words, contract, version) =>
        `the ${words} come from ${contract} in the contract and from ${version} here, which take requests in other forms`,
    ),
    answer: null,
  },
  default_changed: {
    request: fine(
      (words, contract, version) => `${words} has ${version} here; callers get ${contract} of the contract`,
    ),
    answer: null,
  },
} as const satisfies Readonly<Record<string, KindRow>>;

export type Kind = keyof typeof kinds;

/** One difference of `kind` at `place`, with the words and the verdict of the table. */
export function difference(place: Place, kind: Kind, said: Said): Difference {
  const row: KindRow = kinds[kind];
  // A kind that a side cannot have is never asked for there; `breaking` is the safe answer if it were.
  const entry = (place.subject === 'output' ? row.answer : row.request) ?? breaks(changed);
  const { contract, version } = said;
  return {
    path: place.path,
    kind: `${place.subject}_${kind === 'optional_removed' ? 'removed' : kind}`,
    breaking: entry.breaking,
    contract,
    version,
    message: entry.message(place.words, contract ?? 'nothing', version ?? 'nothing'),
  };
}

/** Told, and harmless: names do not go by position. */
export function orderChanged(path: string, words: string, contract: string, version: string): Difference {
  const message = `the ${words} stand in another order, which harms nobody: they go by name`;
  return { path, kind: 'order_changed', breaking: false, contract, version, message };
}
