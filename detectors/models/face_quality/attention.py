"""Multi-head attention and the two layers of the task decoder, with keys and values that can be projected once.

Same parameters as PyTorch's own (`in_proj`, `out_proj`); written out because the decoder is applied twice to the same
facial features, whose keys and values need computing only once.
"""

import torch
from torch import Tensor, nn


class MultiHeadAttention(nn.Module):
    """softmax(Q K^T / sqrt(d_h)) V over `heads` heads, with input and output projections (Eqs. 8, 11, 12)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"{width} channels cannot be shared by {heads} heads")
        self.heads = heads
        self.queries = nn.Linear(width, width)
        self.keys = nn.Linear(width, width)
        self.values = nn.Linear(width, width)
        self.output = nn.Linear(width, width)
        for projection in (self.queries, self.keys, self.values):
            nn.init.xavier_uniform_(projection.weight)
            nn.init.zeros_(projection.bias)
        nn.init.zeros_(self.output.bias)

    def memory(self, sequence: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values (N, heads, positions, d_h) of a sequence (N, positions, width)."""
        return self._split(self.keys(sequence)), self._split(self.values(sequence))

    def forward(self, sequence: Tensor, memory: tuple[Tensor, Tensor] | None = None) -> Tensor:
        """(N, length, width) attending to `memory`, or to itself."""
        keys, values = self.memory(sequence) if memory is None else memory
        queries = self._split(self.queries(sequence))
        weights = torch.softmax(queries @ keys.transpose(2, 3) / queries.shape[-1] ** 0.5, dim=-1)
        attended = (weights @ values).transpose(1, 2).flatten(2)
        projected: Tensor = self.output(attended)
        return projected

    def _split(self, sequence: Tensor) -> Tensor:
        count, length, width = sequence.shape
        return sequence.view(count, length, self.heads, width // self.heads).transpose(1, 2)


class FeedForward(nn.Sequential):
    """Two linear layers with a ReLU between; the paper names no width, 2,048 meets its parameter count."""

    def __init__(self, width: int, hidden: int = 2048) -> None:
        super().__init__(nn.Linear(width, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, width))


class SelfAttentionLayer(nn.Module):
    """Self-attention and feed-forward, each added to its input and normalised after (Eq. 11; post-norm is ours)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (N, tasks, width) of the same shape."""
        tokens = self.norms[0](tokens + self.attention(tokens))
        refined: Tensor = self.norms[1](tokens + self.feed_forward(tokens))
        return refined


class CrossAttentionLayer(nn.Module):
    """Self-attention, attention to the facial features, feed-forward (Eq. 12; the layout of a transformer decoder)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention = MultiHeadAttention(width, heads)
        self.cross = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))

    def forward(self, tokens: Tensor, memory: tuple[Tensor, Tensor]) -> Tensor:
        """Tokens (N, tasks, width) after looking at `memory`, what `cross.memory` gave for the features."""
        tokens = self.norms[0](tokens + self.attention(tokens))
        tokens = self.norms[1](tokens + self.cross(tokens, memory))
        refined: Tensor = self.norms[2](tokens + self.feed_forward(tokens))
        return refined
