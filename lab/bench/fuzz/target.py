"""What is fuzzed: an entry point of the product, inputs to start from, and which refusals are in order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from domain.errors import SightlineError

Feed = Callable[[bytes], None]
"""Gives one input to the product. Raises what the product raises; `ResourceWarning`s and leaks are the caller's."""


class BrokenPromise(AssertionError):
    """The product took the input without an error and did what it must not do."""


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """One target, built in the process that fuzzes it. `close` ends what `feed` needs, such as a server."""

    seeds: Sequence[bytes]
    feed: Feed
    refusals: tuple[type[BaseException], ...] = (SightlineError,)
    close: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Target:
    """An entry point by name. `deadline_s` is what one input may take, `memory_bytes` what the process may hold at its
    peak.
    """

    name: str
    opens: Callable[[], EntryPoint]
    deadline_s: float = 10.0
    memory_bytes: int = 1 << 30
