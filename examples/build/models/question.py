"""Answer questions about one passage with a tiny BERT on onnxruntime: the answer is cut from the passage.

model_config: `context`, the passage.
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
from tokenizers import Encoding, Tokenizer

LONGEST_ANSWER = 15
PASSAGE = 1  # the second sequence of a pair


def softmax(scores: np.ndarray) -> np.ndarray:
    powers: np.ndarray = np.exp(scores - scores.max())
    shares: np.ndarray = powers / powers.sum()
    return shares


class Reader(PythonModel):
    """The best span is the one whose start and end are together the most likely."""

    def load_context(self, context: Any) -> None:
        self.passage: str = context.model_config["context"]
        self.tokenizer = Tokenizer.from_file(context.artifacts["tokenizer"])
        # One thread per run: with more, the last bits of a score depend on the batch.
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self.reader = onnxruntime.InferenceSession(
            context.artifacts["reader"], options, providers=["CPUExecutionProvider"]
        )

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        questions = list(model_input["question"])
        rows = self.tokenizer.encode_batch([(question, self.passage) for question in questions])
        answers = self.answer(rows) if rows else []
        frame = pd.DataFrame(answers, columns=["score", "start", "end", "answer"])
        return frame.astype({"score": "float64", "start": "int64", "end": "int64"})

    def answer(self, rows: list[Encoding]) -> list[tuple[float, int, int, str]]:
        starts, ends = self.reader.run(
            ["start_logits", "end_logits"],
            {
                "input_ids": np.array([row.ids for row in rows], dtype=np.int64),
                "segment_ids": np.array([row.type_ids for row in rows], dtype=np.int64),
                "attention_mask": np.array([row.attention_mask for row in rows], dtype=np.int64),
            },
        )
        return [self.best_span(*scored) for scored in zip(rows, starts, ends, strict=True)]

    def best_span(self, row: Encoding, starts: np.ndarray, ends: np.ndarray) -> tuple[float, int, int, str]:
        inside = [i for i, sequence in enumerate(row.sequence_ids) if sequence == PASSAGE]
        start_odds = softmax(starts[inside].astype(np.float64))
        end_odds = softmax(ends[inside].astype(np.float64))
        # Only spans that run forwards and are not too long: the upper triangle, a few diagonals of it.
        odds = np.tril(np.triu(np.outer(start_odds, end_odds)), LONGEST_ANSWER - 1)
        first, last = np.unravel_index(odds.argmax(), odds.shape)
        start, end = row.offsets[inside[first]][0], row.offsets[inside[last]][1]
        return float(odds[first, last]), start, end, self.passage[start:end]


set_model(Reader())
