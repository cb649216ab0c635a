#!/usr/bin/env bash
# Rebuild examples/registry from nothing, or check the one that is there:
#
#   examples/build/build.sh            train, register, scrub, check, replace
#   examples/build/build.sh --check    only check
#
# Needs uv and Python 3.11. Torch comes from PIP_FIND_LINKS if that is set, else from the package index.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
registry="$here/../registry"
cache="$here/../../.cache/examples"
mkdir -p "$cache"
cache="$(cd "$cache" && pwd)"

environment() { # NAME REQUIREMENTS: a fresh one every time
  local links=() link
  for link in ${PIP_FIND_LINKS:-}; do links+=(--find-links "$link"); done
  # --seed: MLflow writes the versions of pip and its kin into each model's conda.yaml and python_env.yaml.
  uv venv --quiet --clear --seed --python 3.11 "$cache/$1"
  uv pip install --quiet --python "$cache/$1/bin/python" "${links[@]}" --requirement "$here/$2"
}

# Compiled files stay out of the source folder.
export PYTHONPYCACHEPREFIX="$cache/pycache" PYTHONHASHSEED=0 TOKENIZERS_PARALLELISM=false
environment register requirements.txt

if [[ "${1:-}" != "--check" ]]; then
  environment train requirements-train.txt
  # A folder outside of any git repository, and relative paths in it: MLflow records the name of the script, the
  # commit around it and the places of the artifacts. It also asks these variables for the user's name.
  work="$(mktemp -d)"
  trap 'rm -rf "$work"' EXIT
  cp -R "$here"/*.py "$here/models" "$work"
  cd "$work"
  "$cache/train/bin/python" train.py trained
  "$cache/register/bin/python" iris.py trained/iris
  LOGNAME=countersign USER=countersign "$cache/register/bin/python" register.py trained registry
  "$cache/register/bin/python" scrub.py registry
  built="$work/registry"
else
  built="$registry"
fi

"$cache/register/bin/python" "$here/check.py" "$built" --environments "$cache"

if [[ "$built" != "$registry" ]]; then
  # Only a registry that passed takes the place of the old one.
  rm -rf "$registry"
  cp -R "$built" "$registry"
  echo "built examples/registry"
fi
