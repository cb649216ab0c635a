import mlflow
import pydantic


# The name is part of MLflow's messages.
class Item(pydantic.BaseModel):
    name: str
    qty: int
    price: float = 1.5
    tags: list[str] | None = None


class Totals(mlflow.pyfunc.PythonModel):
    def predict(self, model_input: list[Item], params=None) -> list[dict]:
        return [
            {"name": item.name, "total": item.qty * item.price, "tags": item.tags, "params": params}
            for item in model_input
        ]


mlflow.models.set_model(Totals())
