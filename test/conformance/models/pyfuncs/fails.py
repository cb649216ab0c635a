import mlflow
from mlflow.exceptions import MlflowException
from mlflow.protos import databricks_pb2


class Custom(Exception):
    pass


def recurse():
    return recurse()


def throw(error):
    raise error


FAILURES = {
    "value_error": lambda: throw(ValueError("bad value")),
    "key_error": lambda: {}["nope"],
    "custom": lambda: throw(Custom("ünïcode message")),
    "zero_division": lambda: 1 / 0,
    "assertion": lambda: throw(AssertionError("asserted")),
    "stop_iteration": lambda: throw(StopIteration("stopped")),
    "memory": lambda: throw(MemoryError("no memory")),
    "timeout": lambda: throw(TimeoutError("timed out inside")),
    "base_exception": lambda: throw(BaseException("base")),
    "recursion": recurse,
    "mlflow_default": lambda: throw(MlflowException("default code")),
    "mlflow_extra": lambda: throw(MlflowException("extra", error_code=databricks_pb2.BAD_REQUEST, hint="look here")),
}


class Fails(mlflow.pyfunc.PythonModel):
    """`how` is a key of FAILURES, `mlflow:{an error code of MLflow}`, or anything else to succeed."""

    def predict(self, context, model_input, params=None):
        how = model_input["how"].iloc[0]
        if how in FAILURES:
            return FAILURES[how]()
        if how.startswith("mlflow:"):
            code = how.split(":")[1]
            raise MlflowException(f"model says {code}", error_code=getattr(databricks_pb2, code))
        return f"ok: {how}"


mlflow.models.set_model(Fails())
