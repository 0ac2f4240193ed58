"""The fewest operations and bytes that a transformer's work needs, counted from its weights and its configuration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from transformers import PreTrainedModel


@dataclass(frozen=True)
class Work:
    """Positions that pass through the model, floating-point operations, and bytes read or written at least once."""

    tokens: int = 0
    operations: float = 0.0
    bytes: float = 0.0

    def __add__(self, other: Work) -> Work:
        return Work(self.tokens + other.tokens, self.operations + other.operations, self.bytes + other.bytes)

    def seconds(self, operations_per_second: float, bytes_per_second: float) -> float:
        """The least time: whichever of the two takes longer."""
        return max(self.operations / operations_per_second, self.bytes / bytes_per_second)


class Costs:
    """Costs of one model in fp32: matrix products at 2 operations a weight and position, attention by its context."""

    def __init__(self, model: PreTrainedModel) -> None:
        head = model.get_output_embeddings().weight
        linear = [m.weight for m in model.modules() if isinstance(m, nn.Linear) and m.weight is not head]
        self.body = sum(weight.numel() for weight in linear)
        self.head = head.numel()
        self.vocabulary = head.shape[0]
        self.weights = sum(weight.numel() for weight in model.parameters())
        config = model.config.get_text_config()
        width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        kinds = getattr(config, "layer_types", None) or ["full_attention"] * config.num_hidden_layers
        self.windows = [config.sliding_window if kind == "sliding_attention" else None for kind in kinds]
        self.attention_width = config.num_attention_heads * width
        self.cache_width = config.num_key_value_heads * width

    def contexts(self, start: int, count: int) -> int:
        """Positions attended to, summed over layers, by ``count`` tokens that follow ``start`` others."""
        return sum(
            min(context, window or context)
            for window in self.windows
            for context in range(start + 1, start + count + 1)
        )

    def prefill(self, lengths: list[int], passes: int = 1, positions: int = 1) -> Work:
        """Forward passes over whole rows, the head at their last positions."""
        heads = [min(length, positions) for length in lengths]
        operations = sum(
            2 * self.body * length + 4 * self.attention_width * self.contexts(0, length) + 2 * self.head * count
            for length, count in zip(lengths, heads, strict=True)
        )
        read = 4 * self.weights + 4 * self.vocabulary * sum(heads)
        return Work(passes * sum(lengths), passes * operations, passes * read if lengths else 0)

    def backward(self, lengths: list[int], positions: int = 1) -> Work:
        """Backward through the same: twice the forward's operations; every gradient is written once."""
        forward = self.prefill(lengths, positions=positions)
        return Work(forward.tokens, 2 * forward.operations, 2 * forward.bytes)

    def decode(self, rows: list[tuple[int, int]], steps: int) -> Work:
        """``steps`` single-token steps of a batch; of each row its length before them and its number of fed tokens."""
        fed = sum(count for _, count in rows)
        contexts = sum(self.contexts(start, count) for start, count in rows)
        operations = 2 * (self.body + self.head) * fed + 4 * self.attention_width * contexts
        read = 4 * self.weights * steps + 2 * 4 * self.cache_width * contexts + 4 * self.vocabulary * fed
        return Work(fed, operations, read)

    def sampling(self, tokens: int) -> Work:
        """One pass over the logits of each sampled token: about four operations an entry."""
        return Work(tokens, 4.0 * self.vocabulary * tokens, 4.0 * self.vocabulary * tokens)

    def adamw(self) -> Work:
        """Weight, gradient and two moments are read, all but the gradient written; some twelve operations a weight."""
        return Work(0, 12.0 * self.weights, 7 * 4.0 * self.weights)


def matmul_peak(clock: Callable[[], float], size: int = 2048) -> float:
    """Operations per second of a large fp32 matrix product, the best of five."""
    a, b = torch.randn(size, size), torch.randn(size, size)
    return 2 * size**3 / _best(clock, lambda: a @ b)


def memory_peak(clock: Callable[[], float], numbers: int = 2**26) -> float:
    """Bytes per second of a copy, read and write counted, the best of five."""
    source, target = torch.ones(numbers), torch.zeros(numbers)
    return 2 * 4 * numbers / _best(clock, lambda: target.copy_(source))


def _best(clock: Callable[[], float], work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(5):
        start = clock()
        work()
        seconds.append(clock() - start)
    return min(seconds)
