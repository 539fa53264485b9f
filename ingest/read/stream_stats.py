"""What a stream delivers, over windows of seconds: frame rate, bitrate, distance of key frames, quantiser.

No clock of its own: every figure is a function of what was recorded and the `now` it is asked for (monotonic seconds).
"""

from collections import deque
from dataclasses import dataclass, field

WINDOW_S = 10.0
SETTLED_S = 2.0
BURST_S = 1.0
KEY_GAPS = 5
QP_FRAMES = 10


@dataclass(slots=True)
class StreamStats:
    """The last ten seconds of one session's video packets."""

    _packets: deque[tuple[float, int]] = field(default_factory=deque)
    _bytes: int = 0
    _started_s: float | None = None
    _last_key_s: float | None = None
    _key_gaps: deque[float] = field(default_factory=lambda: deque(maxlen=KEY_GAPS))
    _qps: deque[float] = field(default_factory=lambda: deque(maxlen=QP_FRAMES))

    def packet(self, size: int, key: bool, now_s: float) -> None:
        """Record one video packet of `size` bytes that arrived at `now_s`.

        Rates leave out the first second: what waited while the stream was opened comes in a burst.
        """
        if self._started_s is None:
            self._started_s = now_s + BURST_S
        if now_s >= self._started_s:
            self._packets.append((now_s, size))
            self._bytes += size
        if key:
            if self._last_key_s is not None:
                self._key_gaps.append(now_s - self._last_key_s)
            self._last_key_s = now_s

    def quantiser(self, qp: float) -> None:
        """Record the mean luma quantiser of a decoded frame."""
        self._qps.append(qp)

    def _forget(self, now_s: float) -> None:
        while self._packets and now_s - self._packets[0][0] > WINDOW_S:
            self._bytes -= self._packets.popleft()[1]

    def _span_s(self, now_s: float) -> float | None:
        """Return the seconds the window covers, None while too short to tell a rate."""
        if self._started_s is None or now_s - self._started_s < SETTLED_S:
            return None
        return min(WINDOW_S, now_s - self._started_s)

    def fps(self, now_s: float) -> float | None:
        """Return frames a second delivered, None in the first three seconds."""
        self._forget(now_s)
        span = self._span_s(now_s)
        return None if span is None else len(self._packets) / span

    def bitrate_bps(self, now_s: float) -> float | None:
        """Return bits a second of the video stream, None in the first three seconds."""
        self._forget(now_s)
        span = self._span_s(now_s)
        return None if span is None else self._bytes * 8 / span

    def gop_s(self, now_s: float) -> float | None:
        """Return the mean seconds between the last key frames; a gap still open counts once it is longer."""
        if self._last_key_s is None:
            return None
        open_gap = now_s - self._last_key_s
        mean = self.key_gap_s()
        if mean is None:
            return None
        return max(mean, open_gap) if open_gap > 2 * mean else mean

    def key_gap_s(self) -> float | None:
        """Return the mean seconds between the last key frames, the gap still open left out."""
        return sum(self._key_gaps) / len(self._key_gaps) if self._key_gaps else None

    def packet_gap_s(self) -> float:
        """Return the mean seconds between the packets of the window, 0.0 where it holds fewer than two."""
        if len(self._packets) < 2:
            return 0.0
        return (self._packets[-1][0] - self._packets[0][0]) / (len(self._packets) - 1)

    def qp(self) -> float | None:
        """Return the mean quantiser of the last frames that have one."""
        return sum(self._qps) / len(self._qps) if self._qps else None
