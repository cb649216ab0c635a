import mlflow


class Reverse(mlflow.pyfunc.PythonModel):
    def predict(self, model_input: list[str]) -> list[str]:
        return [text[::-1] for text in model_input]


mlflow.models.set_model(Reverse())
