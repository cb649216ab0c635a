"""Registers `ticker`, whose stream writes down how far it got: python log_ticker.py TRACKING_URI"""

import sys
from pathlib import Path

import mlflow
from mlflow.models import ModelSignature
from mlflow.types.schema import ColSpec, ParamSchema, ParamSpec, Schema

CODE = """
import mlflow


class Ticker(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return ["whole"] * len(model_input)

    def predict_stream(self, context, model_input, params=None):
        count = (params or {}).get("count", 3)
        with open(model_input["log"], "a", buffering=1) as log:
            try:
                for number in range(count):
                    print(number, file=log)
                    yield {"number": number, "filler": "x" * 50_000 if count > 100 else ""}
            finally:
                print("closed", file=log)


mlflow.models.set_model(Ticker())
"""


def main(tracking_uri):
    mlflow.set_tracking_uri(tracking_uri)
    code = Path("ticker.py")
    code.write_text(CODE)
    signature = ModelSignature(
        inputs=Schema([ColSpec("string", "log")]),
        outputs=Schema([ColSpec("string")]),
        params=ParamSchema([ParamSpec("count", "long", 3)]),
    )
    with mlflow.start_run():
        mlflow.pyfunc.log_model(
            name="ticker", python_model=str(code), signature=signature, registered_model_name="ticker"
        )


if __name__ == "__main__":
    main(sys.argv[1])
