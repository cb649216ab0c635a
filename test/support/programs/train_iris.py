"""From training to production, as MLflow's documentation shows it: autolog, register, name the version of production.

python train_iris.py TRACKING_URI
"""

import json
import sys

import mlflow
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

mlflow.set_tracking_uri(sys.argv[1])
mlflow.sklearn.autolog(registered_model_name="iris_classifier")

X, y = load_iris(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=42)
with mlflow.start_run():
    LogisticRegression(max_iter=1000).fit(X_train, y_train)

client = mlflow.MlflowClient()
version = client.get_registered_model("iris_classifier").latest_versions[0].version
client.set_registered_model_alias("iris_classifier", "production", version)

model = mlflow.pyfunc.load_model("models:/iris_classifier@production")
print(json.dumps(model.predict(X_test[:5]).tolist()))
