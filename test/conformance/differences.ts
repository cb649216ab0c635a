import type { Difference } from './judge.ts';

/**
 * Where `/invocations` deliberately answers otherwise than MLflow's scoring server: the one place where that may be said.
 * The letters are the rooms of `README.md`. Of the cases that a pattern matches, those that carry the letter count, and
 * each of them has to differ.
 */
export const differences: readonly Difference[] = [
  {
    room: 'D1',
    reason: 'A request without a Content-Type is a mistake of the caller, not of the server.',
    cases: ['single_string/ct-none'],
  },
  {
    room: 'D1',
    reason: 'A text that is no datetime is a mistake of the caller, not of the server.',
    cases: ['hint_datetime/h-badmonth', 'hint_datetime/h-emptystr'],
  },
  {
    room: 'D2',
    reason: 'JSON has no NaN and no infinities: null, which any client can read.',
    cases: ['onnx_cols/*', 'onnx_iris/*', 'out_kinds/*', 'tensor_f32/*'],
  },
  {
    room: 'D3',
    reason: 'Text is no number, and is not parsed for one.',
    cases: [
      '*/t-*-numstr',
      'scalar_optional/*s-*-numstr',
      'scalar_optional/split-*-numstr',
      'scalar_optional/*s-double-infstr',
      'scalar_optional/split-double-infstr',
      'tensor_f32/b-*-numstrings',
      'tensor_image/b-inputs-string',
      'tensor_named/b-*-b-strings',
    ],
  },
  {
    room: 'D3',
    reason: 'A boolean is no number, no text, no bytes and no time.',
    cases: [
      'iris_rf/t-split-*-true',
      'params_*/t-split-x-true',
      'scalar_optional/csv-double-true',
      'scalar_optional/csv-float-true',
      'scalar_optional/csv-integer-true',
      'scalar_optional/*s-*-true',
      'scalar_optional/split-*-true',
      'single_string/t-split-text-true',
      'xgb_reg/t-split-*-true',
      'tensor_f32/b-inputs-bools',
      'tensor_fixed/b-inputs-bool',
      'tensor_image/b-instances-bool',
      'tensor_str/b-*-bools',
    ],
  },
  {
    room: 'D3',
    reason:
      'Only true and false are booleans: MLflow takes any text for true, "false" included, and any number.',
    cases: [
      'scalar_optional/*-boolean-empty',
      'scalar_optional/*s-boolean-falsestr',
      'scalar_optional/*-boolean-float',
      'scalar_optional/*-boolean-list',
      'scalar_optional/csv-boolean-one',
      'scalar_optional/csv-boolean-zerofloat',
      'scalar_optional/*s-boolean-one',
      'scalar_optional/split-boolean-one',
      'scalar_optional/*s-boolean-truestr',
      'scalar_optional/*-boolean-two',
      'scalar_optional/*-boolean-zero',
      'scalar_optional/mix-split-boolean-other',
      'tensor_named/b-*-c-ints',
      'tensor_named/b-*-c-strings',
      'tensor_named/b-*-c-two',
    ],
  },
  {
    room: 'D3',
    reason:
      'A number that an integer type cannot hold is refused: MLflow cuts fractions off and wraps what is too large.',
    cases: [
      '*/*-fraction',
      'int_regressor/t-split-rooms-overflow',
      'params_unused/t-split-x-*overflow',
      'scalar_optional/mix-split-long-big-float',
      'scalar_optional/split-integer-underflow',
      'scalar_optional/split-integer-wrap',
      'scalar_optional/split-long-*overflow',
      'tensor_image/b-inputs-float',
      'tensor_named/b-inputs-b-float',
    ],
  },
  {
    room: 'D3',
    reason:
      'Only text is a string: MLflow hands on whatever came, or the text that Python would print of it.',
    cases: [
      'cat_pipeline/t-split-city-float',
      'cat_pipeline/t-split-plan-int',
      'prompt_llm/t-split-prompt-int',
      'scalar_optional/*s-string-float',
      'scalar_optional/split-string-float',
      'scalar_optional/*s-string-hugeint',
      'scalar_optional/split-string-hugeint',
      'scalar_optional/split-string-int',
      'scalar_optional/*-string-list',
      'scalar_optional/*-string-object',
      'scalar_optional/mix-split-string-other',
      'single_string/b-inputs-numbers',
      'single_string/t-split-text-int',
      'single_string/t-split-text-list',
      'single_string/t-split-text-object',
      'streamer/t-split-text-float',
      'streamer/t-split-text-int',
      'tensor_str/b-*-numbers',
      'tensor_str/b-instances-floats',
      'tensor_str/b-instances-mixed',
    ],
  },
  {
    room: 'D3',
    reason:
      'Bytes are base64 with its padding: MLflow reads numbers and lists as text, and ignores what does not fit.',
    cases: [
      'scalar_optional/csv-binary-garbage',
      'scalar_optional/csv-binary-int',
      'scalar_optional/csv-binary-nopadding',
      'scalar_optional/inputs-binary-int',
      'scalar_optional/instances-binary-list',
      'scalar_optional/instances-binary-nopadding',
    ],
  },
  {
    room: 'D3',
    reason:
      'A time is ISO 8601 text within the range of nanoseconds: MLflow guesses formats and wraps what is outside.',
    cases: [
      'scalar_optional/*-datetime-after2262',
      'scalar_optional/*-datetime-before1677',
      'scalar_optional/*-datetime-empty',
      'scalar_optional/*-datetime-epochfloat',
      'scalar_optional/*-datetime-epochint',
      'scalar_optional/*-datetime-nowword',
      'scalar_optional/*-datetime-usdate',
      'scalar_optional/*-datetime-yearonly',
    ],
  },
  {
    room: 'D3',
    reason:
      'Only a column of floating-point numbers or of times has a value for null: MLflow makes up False or "None".',
    cases: [
      'cat_pipeline/n-*',
      'complex_types/e-*-nullitem',
      'optional_cols/n-inputs',
      'optional_cols/n-instances',
      'optional_cols/n-records-inf',
      'optional_cols/n-split-second',
      'optional_cols/o-*-opt_b-*',
      'prompt_llm/n-*',
      'scalar_optional/*-binary-null',
      'scalar_optional/*-boolean-null',
      'scalar_types/n-*',
      'single_string/n-*',
      'streamer/n-*',
      'tensor_named/b-*-c-null',
      'tensor_str/b-*-null',
      'translator/n-*',
    ],
  },
  {
    room: 'D3',
    reason: 'A key that is missing from one item is refused: MLflow shifts or drops rows, or makes up True.',
    cases: [
      '*/b-instances-ragged',
      'prompt_llm/b-records-ragged',
      'scalar_optional/mix-*-binary-absent',
      'scalar_optional/mix-*-boolean-absent',
      'scalar_optional/mix-*-integer-absent',
      'single_string/b-records-ragged',
      'streamer/b-records-ragged',
    ],
  },
  {
    room: 'D4',
    reason:
      'An exception of the model, at a request that is as the signature says, is a failure of the server: 500 is ' +
      'what alarms and retries go by.',
    cases: ['raiser/r-*'],
  },
  {
    room: 'D6',
    reason: 'Bytes are base64 in every format of a request.',
    cases: ['scalar_optional/*-binary-*'],
  },
  {
    room: 'D7',
    reason:
      'Arrays and objects fit the signature in every format that can say them, whatever the other rows hold.',
    cases: [
      'complex_types/e-in*',
      'complex_types/v-inputs-dict-full',
      'complex_types/v-inputs-records-*',
      'complex_types/v-instances-*',
      'complex_types/v-records-mixed',
    ],
  },
  {
    room: 'D7',
    reason: 'MLflow cannot put an output of two dimensions into a frame; outputs by name can hold it.',
    cases: ['onnx_df/*'],
  },
  {
    ours: 'D7',
    reason: 'The same model, whose columns of doubles take null for NaN as those of any model do.',
    cases: ['onnx_df/b-records-ragged', 'onnx_df/b-split-shortrow', 'onnx_df/n-*'],
  },
  {
    ours: 'D4',
    reason: 'An exception inside the model, as above: these requests are as the signature says.',
    cases: ['iris_rf/t-split-*-max', 'raiser/r-mlflow-UNKNOWN'],
  },
  {
    ours: 'D6',
    body: decodedBytes,
    reason: 'Bytes are base64 in every format, as above, beside other columns too.',
    cases: [
      'scalar_types/t-inputs-b-true',
      'scalar_types/t-instances-b-true',
      'scalar_types/v-inputs-extra',
      'scalar_types/v-inputs-lists',
      'scalar_types/v-inputs-onedict',
      'scalar_types/v-instances-columns',
    ],
  },
  {
    ours: 'D6',
    body: (recorded) => recorded.replace('["str", "True"]', '["bytes", "True"]'),
    reason: 'Bytes are base64 in CSV, as above; the text `True` happens to be some.',
    cases: ['scalar_optional/csv-binary-true'],
  },
  {
    ours: 'D3',
    body: (recorded) => recorded.replace('[["str", ""]]', '[["str", "\\u0000"]]'),
    reason: 'Text keeps every character: MLflow drops NULs at its end.',
    cases: ['scalar_optional/instances-string-nul'],
  },
  {
    ours: 'D3',
    body: (recorded) =>
      recorded.replace('"str", "values": [["str", "None"]]', '"object", "values": [["None", null]]'),
    reason:
      'A null in an optional column of strings reaches the model as None: MLflow hands on the text "None".',
    cases: ['optional_cols/o-null-opt_s-inputs', 'scalar_optional/instances-string-null'],
  },
  {
    ours: 'D7',
    reason: 'Arrays and objects in `instances`, as above, empty or of zeros and ones too.',
    cases: [
      'complex_types/e-instances-extra-bool',
      'complex_types/e-instances-extra-string',
      'complex_types/e-instances-groups-nullitem',
      'complex_types/e-instances-people-empty',
      'complex_types/e-instances-vec-empty',
      'complex_types/e-instances-vec-zeroone',
    ],
  },
  {
    ours: 'D7',
    reason: 'A datetime of ISO 8601 can be read from CSV as from JSON, and nothing there is none.',
    cases: [
      'scalar_optional/csv-datetime-empty',
      'scalar_optional/csv-datetime-good',
      'scalar_optional/csv-datetime-iso',
      'scalar_optional/csv-datetime-nanos',
      'scalar_optional/csv-datetime-null',
      'scalar_optional/csv-datetime-offset',
      'scalar_optional/csv-datetime-utc',
      'scalar_optional/mix-csv-datetime-null',
    ],
  },
  {
    ours: 'own',
    body: (recorded) => recorded.replace('INVALID_PARAMETER_VALUE', 'BAD_REQUEST'),
    reason:
      'Arrays in `instances` have one reading with those in `inputs`: a null in one is refused by the code it has there.',
    cases: ['complex_types/e-instances-vec-nullitem'],
  },
  {
    ours: 'own',
    body: (recorded) => recorded.replace('["date", "2025-06-07"]', '["datetime", "2025-06-07T00:00:00"]'),
    reason: 'A param of type datetime is a datetime, at midnight too: MLflow hands on a date.',
    cases: ['params_all/pv-p_dt-date'],
  },
  {
    ours: 'own',
    body: (recorded) =>
      recorded
        .replace('["str", "temperature"]', '["int", "0"]')
        .replace(
          '"rows": 2, "index": [["str", "columns"], ["str", "data"]]',
          '"rows": 1, "index": [["int", "0"]]',
        )
        .replace('[["str", "hi"], ["str", "hi"]]', '[["str", "hi"]]'),
    reason:
      'One unwrapped body is one row: MLflow takes each key of an object in it for a row, and answers as many times.',
    cases: ['prompt_llm/u-and-split', 'prompt_llm/u-paramskey'],
  },
];

/** The echo of bytes as they are meant: those that MLflow hands on are base64 themselves. */
export function decodedBytes(recorded: string): string {
  return recorded.replaceAll(/\["bytes_?", "([^"]*)"\]/g, (_all, echoed: string) => {
    return `["bytes", "${Buffer.from(echoed, 'base64').toString()}"]`;
  });
}
