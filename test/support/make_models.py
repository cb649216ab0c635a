"""Saves the small models that the tests of the Python engine serve: python make_models.py DIRECTORY [NAME ...]

Each becomes DIRECTORY/NAME, with its code in a file (no pickle) unless its flavor pickles. Deterministic.
"""

from __future__ import annotations

import os
import sys
import textwrap
import warnings
from collections.abc import Callable
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import ModelSignature, infer_signature
from mlflow.types import DataType
from mlflow.types.schema import (
    AnyType,
    Array,
    ColSpec,
    Map,
    Object,
    ParamSchema,
    ParamSpec,
    Property,
    Schema,
    TensorSpec,
)

warnings.filterwarnings("ignore")
Maker = Callable[[str], None]
MODELS: dict[str, Maker] = {}
ONE_NUMBER = ModelSignature(inputs=Schema([ColSpec("double", "x")]), outputs=Schema([ColSpec("double", "y")]))
ONE_TEXT = ModelSignature(inputs=Schema([ColSpec("string", "how")]))


def model(maker: Maker) -> Maker:
    MODELS[maker.__name__] = maker
    return maker


def from_code(path: str, body: str, signature: ModelSignature | None = None, **more: Any) -> None:
    """Saves a models-from-code pyfunc whose class body is given."""
    code = "import os, sys, time\nimport mlflow, numpy as np, pandas as pd\n"
    code += textwrap.dedent(more.pop("before", ""))
    code += "class Model(mlflow.pyfunc.PythonModel):\n" + textwrap.indent(textwrap.dedent(body), "    ")
    code += "\nmlflow.models.set_model(Model())\n"
    file = path + ".py"
    with open(file, "w") as out:
        out.write(code)
    mlflow.pyfunc.save_model(path, python_model=file, signature=signature, pip_requirements=["mlflow"], **more)
    os.remove(file)


@model
def doubler(path: str) -> None:
    from_code(
        path,
        """
        def predict(self, context, model_input, params=None):
            return pd.DataFrame({"y": model_input["x"] * 2})
        """,
        ONE_NUMBER,
    )


@model
def tripler(path: str) -> None:
    from_code(
        path,
        """
        def predict(self, context, model_input, params=None):
            return (model_input["x"] * 3).rename("y")
        """,
        ONE_NUMBER,
    )


@model
def tensor_sum(path: str) -> None:
    from_code(
        path,
        """
        def predict(self, context, model_input, params=None):
            model_input *= 1  # models may write into what they are given
            return model_input.sum(axis=1)
        """,
        ModelSignature(inputs=Schema([TensorSpec(np.dtype("float32"), (-1, 2))])),
    )


@model
def slow(path: str) -> None:
    from_code(
        path,
        """
        def predict(self, context, model_input, params=None):
            time.sleep(2)
            return (model_input["x"] * 2).to_numpy()
        """,
        ONE_NUMBER,
    )


@model
def moody(path: str) -> None:
    """The text says how it answers: it raises, dies, hangs, prints."""
    from_code(
        path,
        """
        def predict(self, context, model_input, params=None):
            how = model_input["how"].iloc[0]
            if how == "die": os._exit(3)
            if how == "die once":
                marker = os.environ["MOODY_MARKER"]
                if not os.path.exists(marker):
                    open(marker, "w").close()
                    os.kill(os.getpid(), 9)
            if how == "hang":
                print("hanging", flush=True)
                time.sleep(600)
            if how == "spin":
                while True: pass
            if how == "value": raise ValueError("bad value")
            if how == "exit": sys.exit(4)
            if how == "mlflow":
                from mlflow.protos.databricks_pb2 import TEMPORARILY_UNAVAILABLE
                raise mlflow.exceptions.MlflowException("come back", error_code=TEMPORARILY_UNAVAILABLE)
            if how == "invalid":
                raise mlflow.exceptions.MlflowException.invalid_parameter_value("not this")
            if how == "set": return {1, 2}
            if how == "print":
                print("printed by the model")
                os.write(2, b"written by C code\\n")
            if how == "pid": return [os.getpid()]
            if how == "random": return [float(np.random.random())]
            return [how]
        """,
        ONE_TEXT,
    )


@model
def broken(path: str) -> None:
    from_code(
        path,
        """
        def load_context(self, context):
            raise RuntimeError("the weights\\nare not here")
        def predict(self, context, model_input, params=None):
            return model_input
        """,
        ONE_NUMBER,
    )


@model
def lacking(path: str) -> None:
    """Needs a module that no environment has."""
    from_code(
        path,
        """
        def load_context(self, context):
            import a_module_nobody_has.part
        def predict(self, context, model_input, params=None):
            return model_input
        """,
        ONE_NUMBER,
    )


@model
def dying(path: str) -> None:
    """Its process dies while it loads."""
    from_code(
        path,
        """
        def load_context(self, context):
            print("about to fall over", flush=True)
            if os.environ.get("LET_IT_DIE"): os._exit(9)
        def predict(self, context, model_input, params=None):
            return model_input
        """,
        ONE_NUMBER,
    )


@model
def streamer(path: str) -> None:
    from_code(
        path,
        """
        def predict(self, context, model_input, params=None):
            return "whole"
        def predict_stream(self, context, model_input, params=None):
            try:
                for i in range(int((params or {}).get("count", 3))):
                    yield {"i": i, "how": model_input["how"], "pid": os.getpid()}
                if model_input["how"] == "raise": raise ValueError("in the middle")
            finally:
                print("stream closed", flush=True)
        """,
        ModelSignature(inputs=Schema([ColSpec("string", "how")]), params=ParamSchema([ParamSpec("count", "long", 3)])),
        streamable=True,
    )


@model
def versions(path: str) -> None:
    from_code(
        path,
        """
        def predict(self, context, model_input, params=None):
            return {"python": sys.version.split()[0], "numpy": np.__version__, "pandas": pd.__version__,
                    "threads": os.environ["OMP_NUM_THREADS"]}
        """,
        ONE_TEXT,
    )


SHOW = '''
def show(v):
    """One value as text with its type."""
    if isinstance(v, dict): return {k: show(x) for k, x in v.items()}
    if isinstance(v, (list, tuple)): return [type(v).__name__, [show(x) for x in v]]
    if isinstance(v, np.ndarray): return ["ndarray:" + str(v.dtype), [show(x) for x in v.tolist()]]
    return [type(v).__name__, repr(v) if isinstance(v, bytes) else str(v)]

def describe(x):
    if isinstance(x, pd.DataFrame):
        return [[str(c), str(x.dtypes.iloc[i]), [show(v) for v in x.iloc[:, i].tolist()]] for i, c in enumerate(x.columns)]
    return show(x)
'''
DESCRIBE = """
def predict(self, context, model_input, params=None):
    return {"input": describe(model_input), "params": show(params)}
"""


@model
def describe_types(path: str) -> None:
    """Every column type; answers what it was given."""
    columns = [
        ColSpec("boolean", "boolean", required=False),
        ColSpec("integer", "integer"),
        ColSpec("long", "long"),
        ColSpec("float", "float"),
        ColSpec("double", "double"),
        ColSpec("string", "string", required=False),
        ColSpec("binary", "binary"),
        ColSpec("datetime", "datetime"),
        ColSpec(Array(DataType.integer), "integers"),
        ColSpec(Array(DataType.float), "floats"),
        ColSpec(Array(DataType.datetime), "datetimes"),
        ColSpec(
            Object(
                [
                    Property("i", DataType.integer),
                    Property("l", DataType.long),
                    Property("f", DataType.float),
                    Property("d", DataType.double),
                    Property("b", DataType.binary),
                    Property("t", DataType.datetime),
                    Property("o", DataType.string, required=False),
                ]
            ),
            "object",
        ),
        ColSpec(Map(Array(DataType.double)), "map"),
        ColSpec(AnyType(), "any"),
    ]
    params = ParamSchema(
        [
            ParamSpec("n", "integer", 1),
            ParamSpec("d", "double", 0.5),
            ParamSpec("t", "datetime", np.datetime64("2024-01-02T03:04:05")),
            ParamSpec("list", "float", [0.5], (-1,)),
            ParamSpec("o", Object([Property("l", DataType.long), Property("d", DataType.double)]), {"l": 1, "d": 1.0}),
        ]
    )
    from_code(path, DESCRIBE, ModelSignature(inputs=Schema(columns), params=params), before=SHOW)


@model
def describe_anything(path: str) -> None:
    """No signature."""
    from_code(path, DESCRIBE, before=SHOW)


@model
def describe_unnamed(path: str) -> None:
    from_code(path, DESCRIBE, ModelSignature(inputs=Schema([ColSpec("long"), ColSpec("string")])), before=SHOW)


@model
def describe_tensors(path: str) -> None:
    tensors = [
        TensorSpec(np.dtype("float64"), (-1, 2), "a"),
        TensorSpec(np.dtype("str"), (-1,), "s"),
        TensorSpec(np.dtype("bool"), (-1, 1), "b"),
    ]
    from_code(path, DESCRIBE, ModelSignature(inputs=Schema(tensors)), before=SHOW)


@model
def hints(path: str) -> None:
    """A signature from type hints."""
    code = """
    import datetime, typing, pydantic
    class Item(pydantic.BaseModel):
        name: str
        price: float = 1.5
        when: typing.Optional[datetime.datetime] = None
    """
    body = """
    def predict(self, model_input: list[Item], params=None) -> list[dict]:
        return [{"kind": type(i).__name__, "name": i.name, "price": show(i.price), "when": show(i.when)} for i in model_input]
    """
    from_code(path, body, before=SHOW + textwrap.dedent(code), input_example=[{"name": "a", "price": 2.0}])


def numbers() -> tuple[pd.DataFrame, Any]:
    rows = np.random.RandomState(5).uniform(-2, 2, (200, 2))
    frame = pd.DataFrame(rows, columns=["u", "v"])
    return frame, (frame["u"] ** 2 + 3 * frame["v"] > 1).astype("int64")


@model
def sklearn_forest(path: str) -> None:
    from sklearn.ensemble import RandomForestClassifier

    x, y = numbers()
    fitted = RandomForestClassifier(n_estimators=5, random_state=0, n_jobs=2).fit(x, y)
    signature = infer_signature(x, fitted.predict(x))
    mlflow.sklearn.save_model(fitted, path, signature=signature, serialization_format="cloudpickle")


@model
def hist_boosting(path: str) -> None:
    from sklearn.ensemble import HistGradientBoostingClassifier

    x, y = numbers()
    fitted = HistGradientBoostingClassifier(max_iter=5, random_state=0).fit(x, y)
    signature = infer_signature(x, fitted.predict(x))
    mlflow.sklearn.save_model(fitted, path, signature=signature, serialization_format="cloudpickle")


@model
def xgboost(path: str) -> None:
    import xgboost as library

    x, y = numbers()
    fitted = library.XGBClassifier(n_estimators=5, max_depth=2, n_jobs=2).fit(x, y)
    mlflow.xgboost.save_model(fitted, path, signature=infer_signature(x, fitted.predict(x)), model_format="json")


@model
def lightgbm(path: str) -> None:
    import lightgbm as library

    x, y = numbers()
    fitted = library.LGBMClassifier(n_estimators=5, verbose=-1, n_jobs=2).fit(x, y)
    mlflow.lightgbm.save_model(fitted, path, signature=infer_signature(x, fitted.predict(x)))


@model
def torch_net(path: str) -> None:
    """A tiny network, built in code, that needs torch's threads to answer."""
    before = "import torch\n"
    body = """
    def load_context(self, context):
        torch.manual_seed(0)
        self.net = torch.nn.Sequential(torch.nn.Linear(2, 64), torch.nn.ReLU(), torch.nn.Linear(64, 1))
    def predict(self, context, model_input, params=None):
        with torch.no_grad():
            rows = torch.tensor(model_input[["u", "v"]].to_numpy(), dtype=torch.float32)
            return (self.net(rows.repeat(256, 1))[: len(model_input), 0] > 0).long().numpy()
    """
    signature = ModelSignature(inputs=Schema([ColSpec("double", "u"), ColSpec("double", "v")]))
    from_code(path, body, signature, before=before)


def main(directory: str, names: list[str]) -> None:
    os.makedirs(directory, exist_ok=True)
    for name in names or MODELS:
        MODELS[name](os.path.join(directory, name))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
