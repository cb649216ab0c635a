import mlflow


class Words(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [word for text in model_input["text"].tolist() for word in str(text).split()]

    def predict_stream(self, context, model_input, params=None):
        yield from str(model_input["text"]).split()


mlflow.models.set_model(Words())
