import mlflow
import numpy as np


class ChannelMeans(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return np.asarray(model_input).mean(axis=(1, 2))


mlflow.models.set_model(ChannelMeans())
