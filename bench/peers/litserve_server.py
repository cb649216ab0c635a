"""A pyfunc behind LitServe with batching, spoken to as MLflow's server: python litserve_server.py FOLDER PORT"""

import sys

import litserve
import mlflow
import pandas as pd


class Pyfunc(litserve.LitAPI):
    def setup(self, device):
        self.model = mlflow.pyfunc.load_model(sys.argv[1])

    def decode_request(self, request):
        split = request["dataframe_split"]
        return pd.DataFrame(split["data"], columns=split["columns"])

    def batch(self, inputs):
        self.rows = [len(frame) for frame in inputs]
        return pd.concat(inputs, ignore_index=True)

    def predict(self, frame):
        return self.model.predict(frame)

    def unbatch(self, output):
        starts = [sum(self.rows[:index]) for index in range(len(self.rows))]
        return [output[start : start + rows] for start, rows in zip(starts, self.rows, strict=True)]

    def encode_response(self, output):
        return {"predictions": output.to_dict("records") if isinstance(output, pd.DataFrame) else output.tolist()}


if __name__ == "__main__":
    api = Pyfunc(max_batch_size=64, batch_timeout=0.005, api_path="/invocations")
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1)
    server.run(host="127.0.0.1", port=int(sys.argv[2]), generate_client_file=False, log_level="error")
