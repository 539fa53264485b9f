"""Reads the picture of now for a message, where pictures are allowed; it is kept nowhere."""

import time
from datetime import timedelta

from api.jpeg import encode_jpeg
from domain.errors import FrameRejected, StoreUnavailable
from domain.ports import Clock, LiveState

WAIT_S = 4.0
LOOK_EVERY_S = 0.25
WIDTH = 960
NOW = timedelta(seconds=10)


class PictureReader:
    """Asks for a picture as the page does, and waits a little: none comes of a camera that is lost."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._live: LiveState | None = None

    def use(self, live: LiveState) -> None:
        """Read from this live state from now on; without one there are no pictures."""
        self._live = live

    def read(self, camera: str) -> bytes | None:
        """Return the camera's picture of now as JPEG, None where there is none."""
        deadline = time.monotonic() + WAIT_S
        while self._live is not None and time.monotonic() < deadline:
            try:
                self._live.want_picture(camera)
                frame = self._live.picture(camera)
                if frame is not None and self._clock.now() - frame.ref.received_at < NOW:
                    return encode_jpeg(frame, WIDTH)
            except (StoreUnavailable, FrameRejected):
                return None
            time.sleep(LOOK_EVERY_S)
        return None
