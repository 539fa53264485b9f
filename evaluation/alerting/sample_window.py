"""Sliding counts of good and bad samples, by seconds and by frames, in bounded memory."""

from dataclasses import dataclass
from datetime import datetime, timedelta

BUCKETS = 40
"""A window remembers no more than this many spans of time, whatever the frame rate."""


@dataclass(frozen=True, slots=True)
class SampleBucket:
    start: datetime
    last: datetime
    judged: int
    bad: int


@dataclass(frozen=True, slots=True)
class SampleWindow:
    """Samples of the last `span_s` seconds, counted in buckets of `span_s / BUCKETS`.

    Samples that could not be judged never enter. When fewer than `keep` samples lie within the span (key frames that
    come seldom), older ones stay until there are as many, so that a window always counts seconds and frames.
    """

    span_s: float
    keep: int = 1
    buckets: tuple[SampleBucket, ...] = ()
    judged: int = 0
    bad: int = 0

    def add(self, at: datetime, *, bad: bool) -> "SampleWindow":
        """Return the window with one sample more, without what has grown too old."""
        last = self.buckets[-1] if self.buckets else None
        if last is not None and (at - last.start).total_seconds() < self.span_s / BUCKETS:
            grown = (*self.buckets[:-1], SampleBucket(last.start, at, last.judged + 1, last.bad + bad))
        else:
            grown = (*self.buckets, SampleBucket(at, at, 1, int(bad)))
        oldest = at - timedelta(seconds=self.span_s)
        first, judged, bad_ones = 0, self.judged + 1, self.bad + bad
        while grown[first].last < oldest and judged - grown[first].judged >= self.keep:
            judged -= grown[first].judged
            bad_ones -= grown[first].bad
            first += 1
        return SampleWindow(self.span_s, self.keep, grown[first:] if first else grown, judged, bad_ones)

    @property
    def bad_share(self) -> float:
        """Share of bad samples, 0 where there is none."""
        return self.bad / self.judged if self.judged else 0.0

    @property
    def covered_s(self) -> float:
        """Seconds from the first to the last sample."""
        return (self.buckets[-1].last - self.buckets[0].start).total_seconds() if self.buckets else 0.0

    def empty_copy(self) -> "SampleWindow":
        return SampleWindow(self.span_s, self.keep)
