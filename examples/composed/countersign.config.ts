import { compose, type CountersignConfig, ensemble, pipeline } from 'countersign';

const iris = ['sepal length', 'sepal width', 'petal length', 'petal width'];
const inCentimetres = Object.fromEntries(iris.map((name) => [name, `${name} (cm)`]));

export default {
  graphs: {
    /** A condition: a score above 0.5 sends the answer on to the second model. */
    conditional: compose({
      description: 'Answers a question, in German where it is sure of the answer.',
      members: { model_one: 'question_answerer', model_two: 'translation_model' },
      inputs: 'model_one',
      outputs: [
        { name: 'models_used', type: 'array', items: { type: 'string' }, required: true },
        { name: 'score', type: 'double' },
        { name: 'text', type: 'string' },
      ],
      async predict(row, { model_one, model_two }) {
        const { answer, score } = await model_one(row);
        if (score <= 0.5) return { models_used: ['model_one'], score, text: answer };
        const { translation_text } = await model_two({ prompt: answer });
        return { models_used: ['model_one', 'model_two'], score, text: translation_text };
      },
    }),

    /** A gate before two classifiers: where the ONNX model doubts, the boosting model in Python is asked too. */
    iris_with_care: compose({
      description: 'Names the iris species; asks a second model where the first one doubts.',
      members: { gate: 'iris_classifier', expert: 'iris_boosting@production' },
      inputs: 'gate',
      outputs: [
        { name: 'label', type: 'string' },
        { name: 'certainty', type: 'double' },
        { name: 'asked', type: 'array', items: { type: 'string' }, required: true },
      ],
      async predict(row, { gate, expert }) {
        const { label, setosa, versicolor, virginica } = await gate(row);
        const certainty = Math.max(setosa, versicolor, virginica);
        if (certainty >= 0.95) return { label, certainty, asked: ['gate'] };
        const { result } = await expert({
          'sepal length': row['sepal length (cm)'],
          'sepal width': row['sepal width (cm)'],
          'petal length': row['petal length (cm)'],
          'petal width': row['petal width (cm)'],
        });
        return { label: result, certainty, asked: ['gate', 'expert'] };
      },
    }),

    /** Three classifiers asked at the same time; one that fails is left out of the vote. */
    iris_vote: ensemble({
      description: 'Names the iris species by a vote of three models.',
      combine: 'vote',
      output: 'label',
      members: [
        { model: 'iris_classifier', field: 'label' },
        { model: 'iris_boosting', input: inCentimetres, onError: 'omit' },
        { model: 'iris_sklearn', labels: ['setosa', 'versicolor', 'virginica'], onError: 'omit' },
      ],
    }),

    /** One model after the other. */
    answer_in_french: pipeline({
      description: 'Answers a question in French.',
      steps: ['question_answerer', { model: 'translation_model@french', input: { prompt: 'answer' } }],
      output: {
        text: 'translation_text',
        original: { from: 'question_answerer', field: 'answer' },
        score: { from: 'question_answerer', field: 'score' },
      },
    }),
  },
} satisfies CountersignConfig;
