import datetime

import mlflow


class NextDay(mlflow.pyfunc.PythonModel):
    def predict(self, model_input: list[datetime.datetime]):
        day = datetime.timedelta(days=1)
        return [{"iso": at.isoformat(), "next": at + day, "raw": at.isoformat().encode()} for at in model_input]


mlflow.models.set_model(NextDay())
