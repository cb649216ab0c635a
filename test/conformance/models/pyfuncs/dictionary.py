import mlflow

WORDS = {"de": {"hello": "hallo", "world": "welt"}, "fr": {"hello": "bonjour", "world": "monde"}}


class Translator(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        self.words = WORDS[context.model_config.get("lang_to", "de")]
        self.column = context.model_config.get("input_label", "prompt")

    def predict(self, context, model_input, params=None):
        return [{"translation_text": self.translate(prompt)} for prompt in model_input[self.column].tolist()]

    def translate(self, prompt):
        return " ".join(self.words.get(word.lower(), word) for word in prompt.split())


mlflow.models.set_model(Translator())
