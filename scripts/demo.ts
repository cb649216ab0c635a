/** `npm run demo`: serves the bundled example registry on port 8000 and says what to type. */
import { fileURLToPath } from 'node:url';

import { main } from '../src/cli/main.ts';

const registry = fileURLToPath(new URL('../examples/registry', import.meta.url));
const more = process.argv.slice(2);
const flag = more.findLastIndex((word) => word === '--port' || word === '-p');
const address = `localhost:${(flag < 0 ? undefined : more[flag + 1]) ?? '8000'}`;
const post = `curl -s ${address}`;
const json = `-H 'content-type: application/json'`;

console.log(`countersign serves the example registry of this checkout: every model, loaded on first use.
A Python model builds its small environment the first time (a minute, once).

  ${post}/serve ${json} -d '{"prompt": "The weather is lovely today"}'
  ${post}/serve ${json} -d '{"prompt": "The weather is lovely today"}' -H 'serve_multiplexed_model_id: 2'
  ${post}/serve ${json} -d '{"prompt": "x"}' -H 'serve_multiplexed_model_id: 3'     (409: it would break you)
  ${post}/models/question_answerer/serve ${json} -d '{"question": "Where do you live?"}'
  ${post}/models/iris_classifier/serve ${json} \\
      -d '{"sepal length (cm)": 5.1, "sepal width (cm)": 3.5, "petal length (cm)": 1.4, "petal width (cm)": 0.2}'

  documents of all models, to read and to try: http://${address}/docs
`);
await main([
  process.execPath,
  'countersign',
  'serve',
  '--tracking-uri',
  `sqlite:///${registry}/mlflow.db`,
  '--artifacts-destination',
  `${registry}/artifacts`,
  '--default-model',
  'translation_model',
  ...more,
]);
