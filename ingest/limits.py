"""What one camera may ask of this machine: pixels, bytes, memory, and the addresses that it may lead to."""

import threading
from dataclasses import dataclass

from domain.errors import OverLimit

MEGABYTE = 1024 * 1024
HEAD_BYTES = 32 * 1024
"""The most that the head of an RTSP or HTTP answer may hold; real ones stay below 2 kB."""
DESCRIPTION_BYTES = 256 * 1024
"""The most that a session description or a playlist may hold; real ones stay below 20 kB."""
MAX_REDIRECTS = 5


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """The operator's limits. `max_memory_bytes` bounds one reading process, which several cameras share."""

    max_pixels: int = 40_000_000
    """Width times height; 8K (7680x4320) has 33 million."""
    max_picture_bytes: int = 64 * MEGABYTE
    """What a camera may send before one compressed picture is complete."""
    max_memory_bytes: int = 2048 * MEGABYTE
    hls: bool = False
    """Whether an address may be an HLS playlist, which makes the camera choose what is requested next."""
    allowed_hosts: tuple[str, ...] = ()
    """`host` or `host:port` besides the camera's own to which a redirect or a playlist may lead, without its login."""


class ByteBudget:
    """Counts what arrives until a picture is complete. `take` and `renew` may come from different threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._used = 0
        self._lock = threading.Lock()

    def take(self, count: int) -> None:
        """Count bytes. Raises `OverLimit` when no picture was complete for too many of them."""
        with self._lock:
            self._used += count
            over = self._used > self._most
        if over:
            raise OverLimit(
                f"the camera sent {self._most // MEGABYTE} MB without completing one picture, so reading was stopped: "
                "check the camera's stream settings, or raise ingest.max_picture_mb"
            )

    def renew(self) -> None:
        """Start to count again: a packet of the video is complete."""
        self._used = 0


def check_picture_size(width: int, height: int, limits: ReadingLimits) -> None:
    """Raise `OverLimit` for a picture of more pixels than allowed."""
    if width * height > limits.max_pixels:
        raise OverLimit(explain_size(f"{width}x{height}", limits))


def explain_size(size: str, limits: ReadingLimits) -> str:
    """Return what to tell of a picture that is too large; `size` as `WIDTHxHEIGHT`, or "" where it is unknown."""
    what = f"pictures of {size}" if size else "pictures"
    return (
        f"the camera sends {what}, more than the {limits.max_pixels / 1e6:g} million pixels allowed: "
        "choose a smaller resolution in the camera, or raise ingest.max_pixels"
    )


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds after which a silent stream is given up.

    `picture_s` bounds key frames that never become a picture, `key_s` packets among which no key frame comes.
    """

    open_s: float = 10.0
    video_s: float = 10.0
    picture_s: float = 60.0
    key_s: float = 180.0
