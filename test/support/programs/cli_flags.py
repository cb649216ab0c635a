"""Prints the flags and variables of `mlflow models serve` and `predict`, as a JSON list."""

import json

from mlflow.models.cli import predict, serve

options = [option for command in (serve, predict) for option in command.params]
names = {name for option in options for name in option.opts}
variables = {option.envvar for option in options if option.envvar}
print(json.dumps(sorted(names | variables)))
