import mlflow
from describe import describe


class EchoPrompt(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return {"got": describe(model_input), "params": params}


mlflow.models.set_model(EchoPrompt())
