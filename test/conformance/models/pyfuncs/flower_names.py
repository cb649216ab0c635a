import json

import joblib
import mlflow

COLUMNS = ["sepal length", "sepal width", "petal length", "petal width"]


class FlowerNames(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        self.classifier = joblib.load(context.artifacts["model"])
        with open(context.artifacts["labels"]) as file:
            self.labels = json.load(file)

    def predict(self, context, model_input, params=None):
        return [{"result": self.labels[at]} for at in self.classifier.predict(model_input[COLUMNS].to_numpy())]


mlflow.models.set_model(FlowerNames())
