"""Train the two tiny language models from scratch and export them to ONNX.

python train.py OUT    writes OUT/translation/ and OUT/question/, each with its graphs and its tokenizer.json
"""

from __future__ import annotations

import random
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from corpus import CONTEXT, JOBS, NAMES, PLACES, all_questions, draw_questions, translation_pairs
from networks import NextToken, TinyReader, TinyT5
from tokenizers import Encoding, Tokenizer
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from vocabulary import question_tokenizer, translation_tokenizer

SEED = 7
OPSET = 17
LONGEST = 64
IGNORED = -100


def fit(model: nn.Module, loss_of: Callable[[], Tensor], steps: int, rate: float) -> float:
    """Adam with a cosine schedule; the last loss, averaged over fifty steps."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps, eta_min=rate / 50)
    losses = []
    model.train()
    for _ in range(steps):
        loss = loss_of()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    model.eval()
    return sum(losses[-50:]) / len(losses[-50:])


def export(model: nn.Module, example: dict[str, Tensor], outputs: dict[str, dict[int, str]], path: Path) -> None:
    """Write one graph, with rows and lengths left free."""
    free = {name: {0: "rows", 1: f"{name}_length" if name == "decoder_ids" else "length"} for name in example}
    with warnings.catch_warnings():
        # The tracing exporter needs nothing beyond torch and onnx; its warnings are about being the older of two.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model.eval(),
            tuple(example.values()),
            path,
            input_names=list(example),
            output_names=list(outputs),
            dynamic_axes=free | outputs,
            opset_version=OPSET,
            dynamo=False,
        )


def ids(rows: list[Encoding]) -> Tensor:
    return torch.tensor([row.ids for row in rows])


def mask(rows: list[Encoding]) -> Tensor:
    return torch.tensor([row.attention_mask for row in rows])


def train_translator(folder: Path) -> str:
    """A T5 that knows both languages; which one it speaks is said in the prompt."""
    pairs = translation_pairs()
    tokenizer = translation_tokenizer((text for pair in pairs for text in pair), LONGEST)
    sources = tokenizer.encode_batch([source for source, _ in pairs])
    targets = tokenizer.encode_batch([target for _, target in pairs])
    source_ids, source_mask, target_ids = ids(sources), mask(sources), ids(targets)
    labels = target_ids.masked_fill(mask(targets) == 0, IGNORED)
    # T5 starts a decoded sequence with the padding token.
    decoder_ids = torch.cat([torch.zeros(len(pairs), 1, dtype=torch.long), target_ids[:, :-1]], dim=1)
    model = TinyT5(tokenizer.get_vocab_size())

    def loss_of() -> Tensor:
        pick = torch.randperm(len(pairs))[:128]
        logits = model(source_ids[pick], source_mask[pick], decoder_ids[pick])
        return cross_entropy(logits.flatten(0, 1), labels[pick].flatten(), ignore_index=IGNORED)

    loss = fit(model, loss_of, steps=1500, rate=4e-3)
    export(
        model.encoder,
        {"input_ids": source_ids[:2], "attention_mask": source_mask[:2]},
        {"hidden": {0: "rows", 1: "length"}},
        folder / "encoder.onnx",
    )
    hidden = model.encoder(source_ids[:2], source_mask[:2]).detach()
    export(
        NextToken(model.decoder),
        {"decoder_ids": decoder_ids[:2], "hidden": hidden, "attention_mask": source_mask[:2]},
        {"logits": {0: "rows"}},
        folder / "decoder.onnx",
    )
    return save(tokenizer, folder, loss)


def train_reader(folder: Path) -> str:
    """A BERT that finds the name, the place or the job in an introduction."""
    rng = random.Random(SEED)
    texts = [CONTEXT, *NAMES, *PLACES, *JOBS, *(question for _, question in all_questions())]
    tokenizer = question_tokenizer(texts, LONGEST)
    model = TinyReader(tokenizer.get_vocab_size(), LONGEST)

    def batch() -> tuple[dict[str, Tensor], Tensor, Tensor]:
        drawn = draw_questions(rng, 48)
        rows = tokenizer.encode_batch([(row.question, row.context) for row in drawn])
        inputs = {
            "input_ids": ids(rows),
            "segment_ids": torch.tensor([row.type_ids for row in rows]),
            "attention_mask": mask(rows),
        }
        starts = [row.char_to_token(want.start, 1) for row, want in zip(rows, drawn, strict=True)]
        ends = [row.char_to_token(want.end - 1, 1) for row, want in zip(rows, drawn, strict=True)]
        return inputs, torch.tensor(starts), torch.tensor(ends)

    def loss_of() -> Tensor:
        inputs, starts, ends = batch()
        start_scores, end_scores = model(**inputs)
        return cross_entropy(start_scores, starts) + cross_entropy(end_scores, ends)

    loss = fit(model, loss_of, steps=500, rate=3e-3)
    free = {0: "rows", 1: "length"}
    export(model, batch()[0], {"start_logits": free, "end_logits": free}, folder / "reader.onnx")
    return save(tokenizer, folder, loss)


def save(tokenizer: Tokenizer, folder: Path, loss: float) -> str:
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    return f"loss {loss:.5f}, {tokenizer.get_vocab_size()} tokens"


def main(out: Path) -> None:
    # One thread: the sums then always run in the same order, and two are slower at this size.
    torch.set_num_threads(1)
    for name, train in (("translation", train_translator), ("question", train_reader)):
        folder = out / name
        folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(SEED)
        began = time.perf_counter()
        said = train(folder)
        kib = sum(file.stat().st_size for file in folder.iterdir()) // 1024
        print(f"trained {name}: {said}, {kib} KiB, {time.perf_counter() - began:.1f} s", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
