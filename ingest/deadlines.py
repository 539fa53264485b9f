"""How long a silent stream is waited for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds after which a silent stream is given up.

    `picture_s` bounds key frames that never become a picture, `key_s` packets among which no key frame comes.
    """

    open_s: float = 10.0
    video_s: float = 10.0
    picture_s: float = 60.0
    key_s: float = 180.0
