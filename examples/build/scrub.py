"""Take out of a freshly built registry what only concerns the machine that built it.

python scrub.py REGISTRY

Most of it is kept out at the source (see build.sh): relative paths, a neutral user, no git repository around. Two
things are left. MLflow always records the absolute path of a models-from-code file, of which only the file's name
counts when it is loaded; and the database has free pages, and pages that are far too large for its empty tables.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

MODEL_CODE_PATH = re.compile(r"^(?P<key>\s+model_code_path: )(?:.*/)?(?P<name>[\w.]+)$", re.MULTILINE)


def shorten_code_paths(registry: Path) -> None:
    for mlmodel in registry.glob("artifacts/**/MLmodel"):
        text = mlmodel.read_text(encoding="utf-8")
        mlmodel.write_text(MODEL_CODE_PATH.sub(r"\g<key>\g<name>", text), encoding="utf-8")


def remove_leftovers(registry: Path) -> None:
    for folder in registry.glob("**/__pycache__"):
        shutil.rmtree(folder)


def compact(database: Path) -> None:
    """One file, no journal beside it, so that it can be opened read-only and as immutable."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        # Nearly all of MLflow's tables and indexes are empty here, and each takes a page.
        connection.execute("PRAGMA page_size = 1024")
        connection.execute("VACUUM")


def main(registry: Path) -> None:
    shorten_code_paths(registry)
    remove_leftovers(registry)
    compact(registry / "mlflow.db")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
