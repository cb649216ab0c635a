import { type NotYet } from './judge.ts';

/** What is not served as it should be, yet. An entry whose case passes fails the test: nothing stays here by mistake. */
export const notYet: readonly NotYet[] = [
  { reason: 'CSV is not read yet.', cases: ['*/*csv*'] },
  { reason: 'Parquet is not read yet.', cases: ['valid.parquet', '*/ct-parquet-json'] },
  {
    reason: "Without a signature the body is MLflow's own to parse, in the worker.",
    cases: [
      'no_signature/v-inputs-bool',
      'no_signature/v-inputs-dict-scalar',
      'no_signature/v-inputs-empty',
      'no_signature/v-inputs-mixed',
      'no_signature/v-inputs-null*',
      'no_signature/v-inputs-records',
      'no_signature/v-inputs-scalar',
      'no_signature/v-instances-dicts',
      'no_signature/v-split-nocols',
    ],
  },
  {
    reason: "Chat and agent models are MLflow's own to validate, in the worker.",
    cases: [
      'chat_model/c-nocontent',
      'chat_model/c-nullcontent',
      'responses_agent/a-instances',
      'responses_agent/a-norole',
      'responses_agent/a-null',
      'responses_agent/a-toolout',
    ],
  },
  {
    reason: "Type hints are MLflow's own to validate, in the worker.",
    cases: ['hint_pydantic/h-params', 'hint_pydantic/h-qtyfloat'],
  },
  {
    reason: 'An array of `inputs` reaches the model as a list, where MLflow makes it an array of NumPy.',
    cases: [
      'complex_types/e-inputs-extra-*',
      'complex_types/e-inputs-groups-null',
      'complex_types/e-inputs*-person-tags-empty',
      'complex_types/e-inputsdict-extra-*',
      'complex_types/e-inputsdict-groups-nullvalue',
      'complex_types/e-inputsdict-people-nullitem',
      'complex_types/v-inputs-dict-base',
    ],
  },
  {
    reason: 'The refusal of arrays in `instances` has another error_code than that of MLflow.',
    cases: [
      'complex_types/e-instances-vec-nullitem',
      'complex_types/v-instances-full',
      'complex_types/v-instances-two',
    ],
  },
  {
    reason: 'The labels of the rows, `index`, do not reach the model.',
    cases: ['params_all/v-split-index', 'prompt_llm/v-split-index'],
  },
  {
    reason: 'An unwrapped body whose values are objects is read as one row.',
    cases: ['prompt_llm/u-and-split', 'prompt_llm/u-paramskey'],
  },
  {
    reason: 'A list in a column of strings reaches the model, in `inputs` and unwrapped.',
    cases: ['translator/u-prompt-list', 'translator/v-*-matrix'],
  },
  {
    reason: 'A param of type datetime reaches the model as a datetime, a date too.',
    cases: ['params_all/pv-p_dt-date'],
  },
  { reason: 'Half a surrogate pair is refused as a wrong type.', cases: ['iris_rf/json-lonesurrogate'] },
];
