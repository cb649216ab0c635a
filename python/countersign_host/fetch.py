"""Downloads an artifact with MLflow's own client, in a process of its own: `main(URI, DIRECTORY, PARENT)`.

Credentials are those of the environment, under the names of the stores' own tools. The last line on standard error says
what went wrong.
"""

from __future__ import annotations

import sys

from .worker import die_with


def main(uri: str, directory: str, parent: str) -> None:
    die_with(int(parent))
    try:
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        get_artifact_repository(uri).download_artifacts("", directory)
    except ModuleNotFoundError as error:
        sys.exit(f"the cluster's Python has no {error.name}")
    except Exception as error:  # whatever a store's client raises
        text = " ".join(str(error).split()) or type(error).__name__
        sys.exit(text[:500])
