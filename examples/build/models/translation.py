"""Translate sentences with a tiny T5 on onnxruntime: no torch and no transformers where it is served.

model_config: `target_language` (German or French) and `input_column`, the name of the column with the text.
"""

import os
from typing import Any

# Set before the import: a thread pool inside the tokenizer would be lost in a forked worker.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import numpy as np
import onnxruntime
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel
from tokenizers import Tokenizer

LONGEST_ANSWER = 40


def session(path: str) -> onnxruntime.InferenceSession:
    """One thread per run: with more, the last bits of a score depend on the batch."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


class Translator(PythonModel):
    """Greedy decoding of many sentences at once."""

    def load_context(self, context: Any) -> None:
        self.column: str = context.model_config["input_column"]
        self.task = f"translate English to {context.model_config['target_language']}: "
        self.tokenizer = Tokenizer.from_file(context.artifacts["tokenizer"])
        self.start, self.end = self.tokenizer.token_to_id("<pad>"), self.tokenizer.token_to_id("</s>")
        self.encoder = session(context.artifacts["encoder"])
        self.decoder = session(context.artifacts["decoder"])

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        texts = [self.task + text for text in model_input[self.column]]
        return [{"translation_text": text} for text in self.translate(texts)]

    def translate(self, texts: list[str]) -> list[str]:
        if not texts:
            return []
        rows = self.tokenizer.encode_batch(texts)
        mask = np.array([row.attention_mask for row in rows], dtype=np.int64)
        source = {"input_ids": np.array([row.ids for row in rows], dtype=np.int64), "attention_mask": mask}
        (hidden,) = self.encoder.run(None, source)
        written = np.full((len(rows), 1), self.start, dtype=np.int64)
        finished = np.zeros(len(rows), dtype=bool)
        while not finished.all() and written.shape[1] <= LONGEST_ANSWER:
            (logits,) = self.decoder.run(None, {"decoder_ids": written, "hidden": hidden, "attention_mask": mask})
            token = np.where(finished, self.end, logits.argmax(axis=-1))
            finished |= token == self.end
            written = np.concatenate([written, token[:, None]], axis=1)
        return list(self.tokenizer.decode_batch(written.tolist(), skip_special_tokens=True))


set_model(Translator())
