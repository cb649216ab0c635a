"""Hold the registry to its promises; exits 1 and names the first that is broken.

python check.py REGISTRY                        what can be seen in the files; needs nothing but Python
python check.py REGISTRY --environments DIR     also every model's answers: through a real MLflow server over a copy
                                                of the folder, in an environment of the model's own requirements
"""

from __future__ import annotations

import argparse
import getpass
import hashlib
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

LARGEST = 6_000_000
MLFLOW_SKINNY, NUMPY, PANDAS = "mlflow-skinny==3.17.2", "numpy==2.4.6", "pandas==3.1.1"
ONNX = {MLFLOW_SKINNY, NUMPY, PANDAS, "onnxruntime==1.31.1"}
TEXT = {*ONNX, "tokenizers==0.22.2"}
REQUIREMENTS: dict[str, set[str] | None] = {
    "iris_boosting": {MLFLOW_SKINNY, NUMPY, PANDAS, "scikit-learn==1.9.1", "joblib==1.6.0"},
    "iris_classifier": ONNX,
    "iris_sklearn": None,  # as MLflow infers them: only that each is pinned
    "question_answerer": TEXT,
    "translation_model": TEXT,
}
VERSIONS = {"iris_boosting": 1, "iris_classifier": 2, "iris_sklearn": 1, "question_answerer": 1, "translation_model": 3}
# Folders that only exist on somebody's machine; links to machines; then what this very machine is called.
MACHINE = [r"/(?:home|root|Users|tmp|var|usr|opt|mnt|srv|work|private|workspace)/", r":\\Users\\", r"file:/"]
MACHINE += [r"https?://", r"127\.0\.0\.1", r"localhost", r"site-packages", r"mlflow\.source\.git"]


class Broken(Exception):
    """A promise that does not hold."""


def require(holds: bool, message: str) -> None:
    if not holds:
        raise Broken(message)


@dataclass(frozen=True)
class Version:
    name: str
    version: str
    folder: Path

    @property
    def requirements(self) -> list[str]:
        return (self.folder / "requirements.txt").read_text(encoding="utf-8").split()


def open_immutable(registry: Path) -> sqlite3.Connection:
    """As a reader opens it that must not write: no lock, no journal."""
    return sqlite3.connect(f"{(registry / 'mlflow.db').resolve().as_uri()}?mode=ro&immutable=1", uri=True)


def versions(registry: Path) -> list[Version]:
    """Every version with its folder, by MLflow's mapping: `mlflow-artifacts:/P` is `artifacts/P`."""
    with closing(open_immutable(registry)) as database:
        rows = database.execute("SELECT name, version, storage_location FROM model_versions ORDER BY name, version")
        return [Version(name, str(version), local(registry, location)) for name, version, location in rows]


def local(registry: Path, uri: str) -> Path:
    require(uri.startswith("mlflow-artifacts:/"), f"{uri} is not an mlflow-artifacts: URI")
    return registry / "artifacts" / uri.removeprefix("mlflow-artifacts:/")


def check_files(registry: Path) -> None:
    top = sorted(path.name for path in registry.iterdir())
    require(top == ["artifacts", "mlflow.db"], f"the registry holds {top}")
    files = [path for path in registry.rglob("*") if path.is_file()]
    stray = [path for path in files if path.suffix == ".pyc" or path.name == "registered_model_meta"]
    require(not stray, f"left behind by a loader: {stray}")
    size = sum(path.stat().st_size for path in files)
    require(size < LARGEST, f"the registry has {size} bytes, more than {LARGEST}")
    print(f"{len(files)} files, {size} bytes")


def check_no_machine(registry: Path) -> None:
    """No path, host or user of the machine that built it: in any file, in any cell of the database."""
    here = [socket.gethostname(), str(Path.home()), str(Path(__file__).resolve().parents[2])]
    user = f"/{getpass.getuser()}/"
    traces = re.compile("|".join([*MACHINE, *(re.escape(text) for text in (*here, user) if len(text) > 3)]).encode())
    for path in sorted(registry.rglob("*")):
        if path.is_file() and (found := traces.search(path.read_bytes())):
            raise Broken(f"{path} holds {found[0]!r}")
    with closing(open_immutable(registry)) as database:
        dump = "\n".join(database.iterdump())
    require(not (found := traces.search(dump.encode())), f"the database holds {found and found[0]!r}")


def check_database(registry: Path) -> None:
    # Bytes 18 and 19 of the header: 1 is a rollback journal, 2 a write-ahead log, which wants files beside it.
    header = (registry / "mlflow.db").read_bytes()[:20]
    require(header[18:20] == b"\1\1", "the database has a write-ahead log")
    with closing(open_immutable(registry)) as database:

        def one(sql: str) -> object:
            return database.execute(sql).fetchone()[0]

        require(one("PRAGMA integrity_check") == "ok", "the database is damaged")
        require(one("PRAGMA freelist_count") == 0, "the database has free pages: VACUUM it")
        places = database.execute(
            "SELECT artifact_location FROM experiments UNION ALL SELECT artifact_location FROM logged_models"
            " UNION ALL SELECT artifact_uri FROM runs UNION ALL SELECT storage_location FROM model_versions"
        )
        for (uri,) in places:
            local(registry, uri)
        said = database.execute("SELECT name FROM registered_models WHERE coalesce(description, '') = ''").fetchall()
        require(not said, f"no description: {said}")
        production = dict(
            database.execute("SELECT name, version FROM registered_model_aliases WHERE alias = 'production'")
        )
        require(production == dict.fromkeys(VERSIONS, 1), f"production is {production}")
        require(one("SELECT count(*) FROM model_versions WHERE status <> 'READY'") == 0, "a version is not ready")


def check_version(version: Version) -> None:
    said = f"{version.name} {version.version}"
    mlmodel = (version.folder / "MLmodel").read_text(encoding="utf-8")
    for code in re.findall(r"model_code_path: (.*)", mlmodel):
        require("/" not in code and (version.folder / code).is_file(), f"{said}: model_code_path is {code}")
    require("python_model.pkl" not in mlmodel, f"{said} is a pickle")
    require((version.folder / "input_example.json").is_file(), f"{said} has no input example")
    require("signature:" in mlmodel, f"{said} has no signature")
    pins, wanted = version.requirements, REQUIREMENTS[version.name]
    require(all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins), f"{said} does not pin everything: {pins}")
    require(wanted is None or set(pins) == wanted, f"{said} requires {pins}")
    require("torch" not in " ".join(pins), f"{said} requires torch")


def check_answers(found: list[Version], registry: Path, environments: Path) -> None:
    """The copy lies elsewhere, because the server may write, and because the registry must not mind."""
    from server import mlflow_server

    with tempfile.TemporaryDirectory() as elsewhere:
        copy = Path(elsewhere) / "a registry"
        shutil.copytree(registry, copy)
        with mlflow_server(copy) as uri:
            for version in found:
                ask(version, uri, environment_of(version, environments))


def ask(version: Version, uri: str, python: Path) -> None:
    command = [str(python), str(Path(__file__).with_name("answers.py")), version.name, version.version]
    environment = {"MLFLOW_TRACKING_URI": uri, "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"}
    done = subprocess.run(command, env=os.environ | environment)
    require(done.returncode == 0, f"{version.name} {version.version} does not answer as promised")


def environment_of(version: Version, environments: Path) -> Path:
    """An environment of exactly the version's requirements, shared by the versions that have the same."""
    pins = sorted(version.requirements)
    environment = environments / f"serve-{hashlib.sha256(' '.join(pins).encode()).hexdigest()[:12]}"
    python = environment / "bin" / "python"
    if not (environment / "complete").exists():
        print(f"making an environment of {' '.join(pins)}", flush=True)
        subprocess.run(["uv", "venv", "--quiet", "--clear", "--python", "3.11", environment], check=True)
        subprocess.run(["uv", "pip", "install", "--quiet", "--python", python, *pins], check=True)
        (environment / "complete").touch()
    return python


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("registry", type=Path)
    parser.add_argument("--environments", type=Path, help="where to keep the environments that the models run in")
    options = parser.parse_args()
    registry: Path = options.registry
    check_files(registry)
    check_no_machine(registry)
    check_database(registry)
    found = versions(registry)
    counted = {name: sum(version.name == name for version in found) for name in VERSIONS}
    require(counted == VERSIONS and len(found) == sum(VERSIONS.values()), f"the versions are {counted}")
    for version in found:
        check_version(version)
    if options.environments:
        check_answers(found, registry, options.environments.resolve())
    print("the registry keeps its promises")


if __name__ == "__main__":
    try:
        main()
    except Broken as broken:
        raise SystemExit(f"the registry breaks a promise: {broken}") from None
