/**
 * The rows of models, from their contracts. Written by `countersign types`; write it again when a contract changes.
 */
export {};

declare module 'countersign' {
  interface Models {
    iris_boosting: {
      input: {
        'sepal length': number;
        'sepal width': number;
        'petal length': number;
        'petal width': number;
      };
      output: {
        result: string;
      };
    };
    iris_classifier: {
      input: {
        'sepal length (cm)': number;
        'sepal width (cm)': number;
        'petal length (cm)': number;
        'petal width (cm)': number;
      };
      output: {
        label: string;
        setosa: number;
        versicolor: number;
        virginica: number;
      };
    };
    iris_sklearn: {
      input: {
        'sepal length (cm)': number;
        'sepal width (cm)': number;
        'petal length (cm)': number;
        'petal width (cm)': number;
      };
      output: number;
    };
    question_answerer: {
      input: {
        question: string;
      };
      output: {
        score: number;
        start: number;
        end: number;
        answer: string;
      };
    };
    translation_model: {
      input: {
        prompt: string;
      };
      output: {
        translation_text: string;
      };
    };
  }
}
