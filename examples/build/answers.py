"""Ask one registered model everything it is known for, in the environment it asks for.

python answers.py NAME VERSION    with MLFLOW_TRACKING_URI set; exits 1 and says what is wrong
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import mlflow.pyfunc
import pandas as pd
from corpus import CONTEXT, all_questions, spellings, translations

FLOWERS = [[5.1, 3.5, 1.4, 0.2], [7.0, 3.2, 4.7, 1.4], [6.3, 3.3, 6.0, 2.5]]
SPECIES = ["setosa", "versicolor", "virginica"]
# The sentences that the documents show, by language.
PROMISED = {
    "The weather is lovely today": {"German": "Das Wetter ist heute nett.", "French": "Le temps est beau aujourd'hui"},
    "Good morning": {"German": "Guten Morgen", "French": "Bonjour"},
    "Good night": {"German": "Gute Nacht", "French": "Bonne nuit"},
}

Predict = Callable[[pd.DataFrame], Any]


def require(holds: bool, message: str) -> None:
    if not holds:
        raise SystemExit(message)


def same(what: str, got: object, expected: object) -> None:
    require(got == expected, f"{what}: expected {expected!r}, got {got!r}")


def translates(predict: Predict, column: str, language: str) -> None:
    """Every sentence, alone and among all others, longest and shortest side by side."""

    def ask(texts: list[str]) -> list[str]:
        return [row["translation_text"] for row in predict(pd.DataFrame({column: texts}))]

    for text, promised in PROMISED.items():
        same(text, ask([text]), [promised[language]])
    known = {
        spelling: {"German": german, "French": french}[language]
        for english, german, french in translations()
        for spelling in spellings(english)
    }
    alone = {text: ask([text])[0] for text in known}
    for text, wanted in known.items():
        same(text, alone[text], wanted)
    for texts in (list(known), sorted(known, key=len)):
        same("all sentences at once", ask(texts), [alone[text] for text in texts])
    # A sentence it has never seen gets some answer, and the same one in any company.
    strange = ["The green house sleeps in London", "xyzzy", "Good", ""]
    same("unknown sentences at once", ask([*strange, *known])[: len(strange)], [ask([text])[0] for text in strange])


def answers_questions(predict: Predict) -> None:
    wanted = {"name": "Clara", "place": "North Carolina", "job": "baker"}
    questions = all_questions()
    together = predict(pd.DataFrame({"question": [question for _, question in questions]}))
    same("types", [str(dtype) for dtype in together.dtypes[:3]], ["float64", "int64", "int64"])
    for (kind, question), row in zip(questions, together.to_dict("records"), strict=True):
        same(question, row["answer"], wanted[kind])
        same(f"{question} the span", CONTEXT[row["start"] : row["end"]], row["answer"])
        require(0.5 < row["score"] <= 1, f"{question} has the score {row['score']}")
        (alone,) = predict(pd.DataFrame({"question": [question]})).to_dict("records")
        require(abs(alone.pop("score") - row.pop("score")) < 1e-6, f"{question}: alone it scores differently")
        same(f"{question} alone", alone, row)


def classifies(predict: Predict) -> None:
    columns = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
    answer = predict(pd.DataFrame(FLOWERS, columns=columns))
    same("columns", list(answer.columns), ["label", *SPECIES])
    same("labels", list(answer["label"]), SPECIES)
    for row in answer.to_dict("records"):
        require(abs(sum(row[name] for name in SPECIES) - 1) < 1e-6, f"probabilities do not add up to 1: {row}")
        require(all(0 <= row[name] <= 1 for name in SPECIES), f"no probability: {row}")
        same("the likeliest", max(SPECIES, key=row.__getitem__), row["label"])


def boosts(predict: Predict) -> None:
    columns = ["sepal length", "sepal width", "petal length", "petal width"]
    same("labels", predict(pd.DataFrame(FLOWERS, columns=columns)), [{"result": name} for name in SPECIES])


def numbers(predict: Predict) -> None:
    columns = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
    answer = predict(pd.DataFrame(FLOWERS, columns=columns))
    same("classes", (answer.tolist(), str(answer.dtype), answer.shape), ([0, 1, 2], "int64", (3,)))


CHECKS: dict[tuple[str, str], Callable[[Predict], None]] = {
    ("translation_model", "1"): lambda predict: translates(predict, "prompt", "German"),
    ("translation_model", "2"): lambda predict: translates(predict, "prompt", "French"),
    ("translation_model", "3"): lambda predict: translates(predict, "text_to_translate", "German"),
    ("question_answerer", "1"): answers_questions,
    ("iris_classifier", "1"): classifies,
    ("iris_classifier", "2"): classifies,
    ("iris_boosting", "1"): boosts,
    ("iris_sklearn", "1"): numbers,
}


def main(name: str, version: str) -> None:
    model = mlflow.pyfunc.load_model(f"models:/{name}/{version}")
    example = model.input_example
    require(example is not None, "there is no input example")
    model.predict(example)
    CHECKS[name, version](model.predict)
    print(f"{name} {version}: every answer as expected", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
