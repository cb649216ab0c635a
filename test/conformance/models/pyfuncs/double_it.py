import mlflow


class DoubleIt(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input):
        return (model_input["x"] * 2).tolist()


mlflow.models.set_model(DoubleIt())
