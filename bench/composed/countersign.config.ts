import { compose, type CountersignConfig, ensemble, member } from 'countersign';

interface Flower {
  readonly 'sepal length': number;
  readonly 'sepal width': number;
  readonly 'petal length': number;
  readonly 'petal width': number;
}

/** Composed models of the benchmark's own: the same forest on ONNX and in Python. */
export default {
  graphs: {
    /** Both engines at the same time. */
    vote: ensemble({ combine: 'vote', output: 'label', members: ['iris_forest_onnx', 'iris_forest'] }),
    /** ONNX alone, code around it: what composing costs by itself. */
    rules: compose({
      members: { gate: member<Flower, { label: number }>('iris_forest_onnx') },
      inputs: 'gate',
      outputs: [{ name: 'label', type: 'long' }],
      predict: async (row, { gate }) => ({ label: (await gate(row)).label }),
    }),
    /** A row in three goes on to the second model. */
    conditional: compose({
      members: {
        gate: member<Flower, { label: number }>('iris_forest_onnx'),
        expert: member<Flower, number>('iris_forest'),
      },
      inputs: 'gate',
      outputs: [{ name: 'label', type: 'long' }],
      async predict(row, { gate, expert }) {
        const { label } = await gate(row);
        return { label: label === 1 ? await expert(row) : label };
      },
    }),
  },
} satisfies CountersignConfig;
