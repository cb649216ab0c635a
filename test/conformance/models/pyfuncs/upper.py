import mlflow
import pandas as pd


class Upper(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        texts = model_input["text"].tolist()
        return pd.DataFrame({"upper": [None if text is None else str(text).upper() for text in texts]})


mlflow.models.set_model(Upper())
