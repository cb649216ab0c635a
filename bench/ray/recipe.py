"""A model of MLflow on Ray Serve as Ray's documentation shows it: a FastAPI ingress and `@serve.multiplexed`.

https://docs.ray.io/en/latest/serve/http-guide.html, https://docs.ray.io/en/latest/serve/model-multiplexing.html
"""

from typing import Any

import mlflow
import pandas as pd
from fastapi import FastAPI
from pydantic import BaseModel
from ray import serve

app = FastAPI()


class Row(BaseModel):
    x: float


@serve.deployment
@serve.ingress(app)
class Recipe:
    def __init__(self, directory: str) -> None:
        self.directory = directory

    @serve.multiplexed(max_num_models_per_replica=3)
    async def get_model(self, model_id: str) -> Any:
        return mlflow.pyfunc.load_model(f"{self.directory}/{model_id}")

    @app.post("/serve")
    async def predict(self, row: Row) -> list[dict[str, Any]]:
        model = await self.get_model(serve.get_multiplexed_model_id())
        answer = model.predict(pd.DataFrame([row.model_dump()]))
        return answer.to_dict(orient="records")


def build(args: dict[str, Any]) -> Any:
    return Recipe.bind(args["directory"])
