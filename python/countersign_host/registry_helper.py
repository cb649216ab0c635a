"""MLflow's own client for the gateway: stores and artifacts that it does not read natively.

JSON lines over stdin and stdout. The first line names the stores: {"tracking_uri", "registry_uri"}, either may
be null. Each further line is a call {"id", "method", "params"}; its answer is {"id", "result"} or {"id", "error"},
with "missing" where this Python lacks the module of that name. The process ends with its stdin. It never writes
to a store: a database whose schema this MLflow would migrate is refused.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

DELETED_STAGE = "Deleted_Internal"
PROMPT_TAG = "mlflow.prompt.is_prompt"
ABSENT_CODES = {"RESOURCE_DOES_NOT_EXIST", "NOT_FOUND", "INVALID_PARAMETER_VALUE"}


class Refused(Exception):
    """The store is not one we may open."""


class Stores:
    """The client of the stores that the first line named, made on first use."""

    def __init__(self, uris: dict[str, str | None]) -> None:
        self._uris = uris
        self._client: Any = None
        self._lock = threading.Lock()

    def client(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = self._open()
            return self._client

    def _open(self) -> Any:
        import mlflow

        for uri in {uri for uri in self._uris.values() if uri}:
            check_database(uri)
        mlflow.set_tracking_uri(self._uris["tracking_uri"])
        mlflow.set_registry_uri(self._uris["registry_uri"])
        return mlflow.MlflowClient(self._uris["tracking_uri"], self._uris["registry_uri"])

    @property
    def per_model_search(self) -> bool:
        """Databricks searches versions of one model at a time."""
        return (self._uris["registry_uri"] or "").startswith(("databricks", "uc:"))


def check_database(uri: str) -> None:
    """Refuses a database that needs tables or a migration: MLflow's stores would do both by themselves."""
    if uri.split(":", 1)[0].split("+", 1)[0] not in {"postgresql", "mysql", "mssql", "sqlite"}:
        return
    import mlflow
    import sqlalchemy
    from alembic.migration import MigrationContext
    from mlflow.store.db import utils

    read_only_sessions(sqlalchemy)
    engine = sqlalchemy.create_engine(uri, poolclass=sqlalchemy.pool.NullPool)
    with engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found is None:
        raise Refused("the database has no MLflow tables")
    wanted = utils._get_latest_schema_revision()
    if found != wanted:
        ours = f"the MLflow {mlflow.__version__} of {sys.executable}"
        raise Refused(
            f"its schema is {found} and {ours} wants {wanted}; "
            "give --python an environment with the MLflow release that wrote it"
        )


def read_only_sessions(sqlalchemy: Any) -> None:
    """PostgreSQL itself then refuses whatever a later MLflow might think of writing."""

    def begin(connection: Any) -> None:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")

    sqlalchemy.event.listen(sqlalchemy.engine.Engine, "begin", begin)


def pages(search: Callable[..., Any], **query: Any) -> Iterator[Any]:
    token = None
    while True:
        page = search(**query, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def or_none(call: Callable[[], Any]) -> Any:
    """What `call` answers, or None where MLflow says that there is no such thing."""
    from mlflow.exceptions import MlflowException

    try:
        return call()
    except MlflowException as error:
        if error.error_code in ABSENT_CODES:
            return None
        raise


def version_dict(version: Any) -> dict[str, Any]:
    return {
        "version": str(version.version),
        "created_at": version.creation_timestamp,
        "description": version.description,
        "stage": version.current_stage,
        "run_id": version.run_id,
        "status": version.status,
    }


def model_dict(model: Any, versions: list[Any]) -> dict[str, Any]:
    shown = [version_dict(each) for each in versions if each.current_stage != DELETED_STAGE]
    aliases = {alias: str(version) for alias, version in model.aliases.items()}
    return {"name": model.name, "description": model.description, "aliases": aliases, "versions": shown}


def versions_of(client: Any, name: str) -> list[Any]:
    quote = '"' if "'" in name else "'"
    return list(pages(client.search_model_versions, filter_string=f"name={quote}{name}{quote}"))


def is_prompt(model: Any) -> bool:
    return bool(model.tags.get(PROMPT_TAG, "false").lower() == "true")


def all_models(client: Any) -> list[Any]:
    return [model for model in pages(client.search_registered_models) if not is_prompt(model)]


def names(stores: Stores) -> list[str]:
    return [model.name for model in all_models(stores.client())]


def models(stores: Stores) -> list[dict[str, Any]]:
    client = stores.client()
    found = all_models(client)
    if stores.per_model_search:
        return [model_dict(each, versions_of(client, each.name)) for each in found]
    by_name: dict[str, list[Any]] = {}
    for version in pages(client.search_model_versions):
        by_name.setdefault(version.name, []).append(version)
    return [model_dict(each, by_name.get(each.name, [])) for each in found]


def model(stores: Stores, name: str) -> dict[str, Any] | None:
    client = stores.client()
    found = or_none(lambda: client.get_registered_model(name))
    return None if found is None or is_prompt(found) else model_dict(found, versions_of(client, name))


def locate(stores: Stores, name: str, version: str) -> str | None:
    client = stores.client()
    if stores.per_model_search:
        # Unity Catalog gives out credentials, not locations; MLflow's artifact client asks for them.
        found = or_none(lambda: client.get_model_version(name, version))
        return None if found is None else f"databricks-model:/{name}/{version}"
    uri: str | None = or_none(lambda: client.get_model_version_download_uri(name, version))
    return uri


def logged_model(stores: Stores, model_id: str) -> str | None:
    found = or_none(lambda: stores.client().get_logged_model(model_id))
    return None if found is None else str(found.artifact_location)


def run(stores: Stores, run_id: str) -> dict[str, Any] | None:
    client = stores.client()
    found = or_none(lambda: client.get_run(run_id))
    if found is None:
        return None
    outputs = getattr(found, "outputs", None)
    logged = [client.get_logged_model(each.model_id) for each in (outputs.model_outputs if outputs else [])]
    logged.sort(key=lambda each: each.creation_timestamp, reverse=True)
    shown = [{"name": each.name, "artifact_uri": each.artifact_location} for each in logged]
    return {"artifact_uri": found.info.artifact_uri, "models": shown}


def repository(stores: Stores, uri: str) -> Any:
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    if uri.startswith("databricks-model:"):
        stores.client()
        uri = uri.replace("databricks-model:", "models:", 1)
    return get_artifact_repository(uri)


def read(stores: Stores, uri: str, path: str) -> str | None:
    source = repository(stores, uri)
    folder, _, name = path.rpartition("/")
    if not any(each.path.rpartition("/")[2] == name for each in source.list_artifacts(folder or None)):
        return None
    with tempfile.TemporaryDirectory() as target:
        local = source.download_artifacts(path, target)
        with open(local, "rb") as file:
            return base64.b64encode(file.read()).decode("ascii")


def download(stores: Stores, uri: str, directory: str) -> None:
    repository(stores, uri).download_artifacts("", directory)


METHODS: dict[str, Callable[..., Any]] = {
    each.__name__: each for each in (names, models, model, locate, logged_model, run, read, download)
}


def answer(stores: Stores, call: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"id": call["id"], "result": METHODS[call["method"]](stores, **call["params"])}
    except ModuleNotFoundError as error:
        missing = (error.name or "").split(".")[0]
        return {"id": call["id"], "missing": missing, "error": f"{sys.executable} has no {missing}"}
    except Exception as error:  # Whatever a store, driver or plugin raises is told, and the process lives on.
        return {"id": call["id"], "error": one_line(error)}


def one_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0]


def main() -> None:
    # What libraries print must not get between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    stores = Stores(json.loads(sys.stdin.readline()))
    lock = threading.Lock()

    def handle(call: dict[str, Any]) -> None:
        text = json.dumps(answer(stores, call))
        with lock:
            answers.write(text + "\n")
            answers.flush()

    pool = ThreadPoolExecutor(max_workers=8)
    for line in sys.stdin:
        pool.submit(handle, json.loads(line))
    # Nobody is left to hear an answer; threads in the middle of a slow call must not keep the process.
    os._exit(0)


if __name__ == "__main__":
    main()
