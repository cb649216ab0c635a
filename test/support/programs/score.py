"""MLflow's own client of its scoring server: python score.py HOST PORT"""

import json
import sys

import pandas as pd
from mlflow.pyfunc.scoring_server.client import ScoringServerClient

client = ScoringServerClient(sys.argv[1], int(sys.argv[2]))
client.wait_server_ready(timeout=60)
columns = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
frame = pd.DataFrame([[5.1, 3.5, 1.4, 0.2], [7.3, 2.9, 6.3, 1.8]], columns=columns)
try:
    client.invoke(frame[columns[:3]])
    refusal = None
except Exception as error:
    refusal = str(error)
answers = {
    "version": client.get_version(),
    "frame": client.invoke(frame).get_predictions()[0].tolist(),
    "params": client.invoke(frame, params={"unknown": 1}).get_predictions()[0].tolist(),
    "refusal": refusal,
}
print(json.dumps(answers))
