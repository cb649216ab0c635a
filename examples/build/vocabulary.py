"""The tokenizers of the two tiny models.

Their vocabularies are listed here, in sorted order: the trainers of `tokenizers` choose other pieces on every run.
"""

from __future__ import annotations

from collections.abc import Iterable

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

PUNCTUATION = ".,:?"
PAD, END, UNKNOWN = "<pad>", "</s>", "<unk>"


def translation_tokenizer(texts: Iterable[str], max_tokens: int) -> Tokenizer:
    """Whole words first, letters for every other word; a sequence ends in `</s>` as T5's do."""
    texts = list(texts)
    words = sorted({"▁" + core for text in texts for word in text.split() if (core := word.rstrip(PUNCTUATION))})
    letters = sorted({letter for text in texts for letter in text if letter != " "} | {"▁"} | set(PUNCTUATION))
    specials = [(PAD, 0.0), (END, 0.0), (UNKNOWN, -20.0)]
    pieces = [(word, -5.0) for word in words] + [("▁" + mark, -6.0) for mark in PUNCTUATION]
    tokenizer = Tokenizer(
        models.Unigram(specials + pieces + [(letter, -10.0) for letter in letters], unk_id=2, byte_fallback=False)
    )
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(single=f"$A {END}", special_tokens=[(END, 1)])
    tokenizer.add_special_tokens([PAD, END, UNKNOWN])
    tokenizer.enable_padding(pad_id=0, pad_token=PAD)
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def question_tokenizer(texts: Iterable[str], max_tokens: int) -> Tokenizer:
    """BERT's layout, `[CLS] question [SEP] context [SEP]`, without regard to case."""
    normalizer, splitter = normalizers.BertNormalizer(lowercase=True), pre_tokenizers.BertPreTokenizer()
    words = {word for text in texts for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text))}
    letters = sorted({letter for word in words for letter in word} | set("abcdefghijklmnopqrstuvwxyz0123456789"))
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    known = [*specials, *letters, *(f"##{letter}" for letter in letters), *sorted(w for w in words if len(w) > 1)]
    tokenizer = Tokenizer(models.WordPiece({piece: i for i, piece in enumerate(known)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = splitter
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    tokenizer.add_special_tokens(specials)
    tokenizer.enable_padding(pad_id=0, pad_token="[PAD]")
    # The question gives way, never the passage that answers are cut from.
    tokenizer.enable_truncation(max_tokens, strategy="only_first")
    return tokenizer
