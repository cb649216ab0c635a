"""A pyfunc behind BentoML, spoken to as MLflow's server; the model's folder stands in MODEL_FOLDER."""

import os

import bentoml
import mlflow
import pandas as pd


@bentoml.service(workers=1)
class Pyfunc:
    def __init__(self) -> None:
        self.model = mlflow.pyfunc.load_model(os.environ["MODEL_FOLDER"])

    @bentoml.api(route="/invocations")
    def invocations(self, dataframe_split: dict) -> dict:
        frame = pd.DataFrame(dataframe_split["data"], columns=dataframe_split["columns"])
        output = self.model.predict(frame)
        records = isinstance(output, pd.DataFrame)
        return {"predictions": output.to_dict("records") if records else output.tolist()}
