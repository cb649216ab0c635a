import mlflow
from describe import describe


class EchoWithParams(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return {"input": describe(model_input), "params": describe(params)}


mlflow.models.set_model(EchoWithParams())
