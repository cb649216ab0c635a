"""Says which requirements of a model the interpreter that runs this does not meet.

Usage: python check_requirements.py DIRECTORY < requirements.txt

Relative files the requirements include start at DIRECTORY. Prints a JSON list of sentences, one per unmet
requirement; an empty list means that every one is met. What cannot be checked counts as unmet. Needs nothing
but `packaging`, which MLflow itself requires: where it is missing, so is MLflow.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

try:
    from packaging.markers import Marker
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name
    from packaging.version import InvalidVersion, Version
except ImportError:
    print(json.dumps(["mlflow (nor `packaging`, which it needs)"]))
    sys.exit(0)

MLFLOW = ("mlflow", "mlflow-skinny")
INCLUDE = re.compile(r"^(-r|--requirement|-c|--constraint)(?:\s+|=)?(\S+)$")
# Say where packages come from or how they are built, which says nothing about what is installed.
SOURCES = re.compile(
    r"^(-i|-f|--index-url|--extra-index-url|--find-links|--no-index|--trusted-host|--pre|--prefer-binary"
    r"|--only-binary|--no-binary|--require-hashes|--use-feature)\b"
)


def read_lines(text: str, directory: Path, constraint: bool = False) -> Iterator[tuple[str, bool]]:
    """Logical lines with whether they only constrain; files they include are read in their place."""
    for raw in re.sub(r"\\\r?\n", " ", text).splitlines():
        line = re.sub(r"(^|\s)#.*$", "", raw).strip()
        included = INCLUDE.match(line)
        if included is not None:
            path = directory / included[2]
            constrains = constraint or included[1] in ("-c", "--constraint")
            try:
                yield from read_lines(path.read_text("utf-8"), path.parent, constrains)
            except OSError:
                yield f"the file {included[2]}", constraint
        elif line and not SOURCES.match(line):
            yield re.sub(r"\s--hash[= ]\S+", "", line).strip(), constraint


def find(name: str) -> metadata.Distribution | None:
    """The installed distribution; `mlflow` stands for `mlflow-skinny` too, of which it is a superset."""
    for candidate in (name, "mlflow") if canonicalize_name(name) == "mlflow-skinny" else (name,):
        try:
            return metadata.distribution(candidate)
        except metadata.PackageNotFoundError:
            continue
    return None


def same_major(requirement: Requirement, installed: Version) -> bool:
    """Of MLflow the major version is enough: it loads what other releases of its major version logged."""
    for specifier in requirement.specifier:
        if specifier.operator in ("==", "===", "~=", ">=", ">"):
            try:
                if Version(specifier.version.removesuffix(".*")).major == installed.major:
                    return True
            except InvalidVersion:
                continue
    return False


def version_fits(requirement: Requirement, version: str) -> bool:
    if requirement.specifier.contains(version, prereleases=True):
        return True
    return canonicalize_name(requirement.name) in MLFLOW and same_major(requirement, Version(version))


def same_source(requirement: Requirement, distribution: metadata.Distribution) -> bool:
    """For `name @ URL`: installed from that URL (PEP 610)."""
    recorded = distribution.read_text("direct_url.json")
    return recorded is not None and json.loads(recorded).get("url") == requirement.url


def applies(marker: Marker | None, extra: str = "") -> bool:
    return marker is None or marker.evaluate({"extra": extra})


def unmet_extras(requirement: Requirement, distribution: metadata.Distribution) -> Iterator[str]:
    for extra in sorted(requirement.extras):
        for text in distribution.requires or []:
            needed = Requirement(text)
            if needed.marker is not None and applies(needed.marker, extra) and not applies(needed.marker):
                needed.marker = None
                yield from unmet(needed)


def unmet(requirement: Requirement) -> Iterator[str]:
    if not applies(requirement.marker):
        return
    distribution = find(requirement.name)
    wanted = f"{requirement.name}{requirement.specifier}"
    if distribution is None:
        yield wanted
    elif requirement.url is not None and not same_source(requirement, distribution):
        yield f"{requirement.name} from {requirement.url}"
    elif not version_fits(requirement, distribution.version):
        yield f"{wanted} (it has {distribution.version})"
    else:
        yield from unmet_extras(requirement, distribution)


def check(line: str, constraint: bool) -> Iterator[str]:
    try:
        requirement = Requirement(shlex.split(line, posix=True)[0] if "--" in line else line)
    except (InvalidRequirement, ValueError, IndexError):
        yield line
        return
    if constraint and find(requirement.name) is None:
        return
    try:
        yield from unmet(requirement)
    except (InvalidRequirement, InvalidVersion):
        yield f"{line} (which cannot be checked)"


def main() -> None:
    lines = read_lines(sys.stdin.read(), Path(sys.argv[1]))
    print(json.dumps([sentence for line, constraint in lines for sentence in check(line, constraint)]))


if __name__ == "__main__":
    main()
