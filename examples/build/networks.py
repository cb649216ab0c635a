"""The two networks in plain PyTorch: T5's encoder-decoder and BERT's question answering head, made tiny.

Everything is written with plain matrix operations, so that the ONNX export stays small and needs no custom operator.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

MASKED = -1e9


def attend(query: Tensor, key: Tensor, value: Tensor, bias: Tensor, heads: int) -> Tensor:
    """Multi-head attention; `bias` is added to the scores and hides what must not be seen."""

    def split(x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], x.shape[1], heads, -1).transpose(1, 2)

    weights = torch.softmax(split(query) @ split(key).transpose(2, 3) + bias, dim=-1)
    return (weights @ split(value)).transpose(1, 2).flatten(2)


def padding_bias(mask: Tensor) -> Tensor:
    """Keeps every row blind to the padding that its longer neighbours brought."""
    return (1.0 - mask[:, None, None, :].float()) * MASKED


class ScaleNorm(nn.Module):
    """T5's layer norm: scaled by the root mean square, no mean, no bias."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)


class RelativeBias(nn.Module):
    """T5's relative positions: near distances have a bucket each, far ones share."""

    def __init__(self, heads: int, both_ways: bool, buckets: int = 32, farthest: int = 64) -> None:
        super().__init__()
        self.embedding = nn.Embedding(buckets, heads)
        self.both_ways, self.buckets, self.farthest = both_ways, buckets, farthest

    def forward(self, x: Tensor) -> Tensor:
        position = torch.arange(x.shape[1])
        distance = position[None, :] - position[:, None]
        buckets = self.buckets // 2 if self.both_ways else self.buckets
        offset = (distance > 0).long() * buckets if self.both_ways else torch.zeros_like(distance)
        distance = distance.abs() if self.both_ways else (-distance).clamp(min=0)
        exact = buckets // 2
        far = torch.log(distance.clamp(min=1).float() / exact) / math.log(self.farthest / exact)
        shared = (exact + (far * (buckets - exact)).long()).clamp(max=buckets - 1)
        bias: Tensor = self.embedding(offset + torch.where(distance < exact, distance, shared))
        return bias.permute(2, 0, 1)[None]


class Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = ScaleNorm(width)
        self.q, self.k, self.v, self.out = (nn.Linear(width, width, bias=False) for _ in range(4))
        # T5 does not scale its scores: the initial weights carry the scale.
        nn.init.normal_(self.q.weight, std=width**-0.5 * (width // heads) ** -0.5)

    def forward(self, x: Tensor, bias: Tensor, memory: Tensor | None = None) -> Tensor:
        normed = self.norm(x)
        source = normed if memory is None else memory
        seen: Tensor = self.out(attend(self.q(normed), self.k(source), self.v(source), bias, self.heads))
        return x + seen


class FeedForward(nn.Module):
    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.norm = ScaleNorm(width)
        self.up, self.down = nn.Linear(width, inner, bias=False), nn.Linear(inner, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        fed: Tensor = self.down(torch.relu(self.up(self.norm(x))))
        return x + fed


class Encoder(nn.Module):
    def __init__(self, embedding: nn.Embedding, layers: int, heads: int, inner: int) -> None:
        super().__init__()
        width = embedding.embedding_dim
        self.embedding = embedding
        self.bias = RelativeBias(heads, both_ways=True)
        self.attention = nn.ModuleList(Attention(width, heads) for _ in range(layers))
        self.feed = nn.ModuleList(FeedForward(width, inner) for _ in range(layers))
        self.norm = ScaleNorm(width)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        x = self.embedding(input_ids)
        bias = self.bias(x) + padding_bias(attention_mask)
        for attention, feed in zip(self.attention, self.feed, strict=True):
            x = feed(attention(x, bias))
        normed: Tensor = self.norm(x)
        return normed


class Decoder(nn.Module):
    def __init__(self, embedding: nn.Embedding, layers: int, heads: int, inner: int) -> None:
        super().__init__()
        width = embedding.embedding_dim
        self.embedding = embedding
        self.bias = RelativeBias(heads, both_ways=False)
        self.self_attention = nn.ModuleList(Attention(width, heads) for _ in range(layers))
        self.cross_attention = nn.ModuleList(Attention(width, heads) for _ in range(layers))
        self.feed = nn.ModuleList(FeedForward(width, inner) for _ in range(layers))
        self.norm = ScaleNorm(width)

    def forward(self, decoder_ids: Tensor, hidden: Tensor, attention_mask: Tensor) -> Tensor:
        x = self.embedding(decoder_ids)
        position = torch.arange(x.shape[1])
        future = (position[None, :] > position[:, None]).float() * MASKED
        bias, cross_bias = self.bias(x) + future, padding_bias(attention_mask)
        for own, cross, feed in zip(self.self_attention, self.cross_attention, self.feed, strict=True):
            x = feed(cross(own(x, bias), cross_bias, hidden))
        # The output shares its weights with the embedding, scaled as in T5.
        logits: Tensor = self.norm(x) * x.shape[2] ** -0.5 @ self.embedding.weight.T
        return logits


class TinyT5(nn.Module):
    """An encoder-decoder that reads a whole sentence and writes another, token by token."""

    def __init__(self, vocabulary: int, width: int = 64, layers: int = 2, heads: int = 4, inner: int = 128) -> None:
        super().__init__()
        embedding = nn.Embedding(vocabulary, width)
        self.encoder = Encoder(embedding, layers, heads, inner)
        self.decoder = Decoder(embedding, layers, heads, inner)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, decoder_ids: Tensor) -> Tensor:
        logits: Tensor = self.decoder(decoder_ids, self.encoder(input_ids, attention_mask), attention_mask)
        return logits


class NextToken(nn.Module):
    """The decoder as it is exported: only the scores of the next token leave the graph."""

    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, decoder_ids: Tensor, hidden: Tensor, attention_mask: Tensor) -> Tensor:
        logits: Tensor = self.decoder(decoder_ids, hidden, attention_mask)
        return logits[:, -1]


class TinyReader(nn.Module):
    """BERT for extractive question answering: a start and an end score for every token."""

    def __init__(self, vocabulary: int, longest: int, width: int = 64, layers: int = 2, heads: int = 4) -> None:
        super().__init__()
        self.words = nn.Embedding(vocabulary, width)
        self.positions = nn.Embedding(longest, width)
        self.segments = nn.Embedding(2, width)
        self.attention = nn.ModuleList(Attention(width, heads) for _ in range(layers))
        self.feed = nn.ModuleList(FeedForward(width, 2 * width) for _ in range(layers))
        self.norm = ScaleNorm(width)
        self.span = nn.Linear(width, 2)

    def forward(self, input_ids: Tensor, segment_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        position = torch.arange(input_ids.shape[1])
        x = self.words(input_ids) + self.positions(position)[None] + self.segments(segment_ids)
        bias = padding_bias(attention_mask)
        for attention, feed in zip(self.attention, self.feed, strict=True):
            x = feed(attention(x, bias))
        scores = self.span(self.norm(x))
        return scores[..., 0], scores[..., 1]
