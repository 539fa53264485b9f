"""Camera leases in memory, held to the contract of the real ones."""

from datetime import datetime, timedelta

from tests.fakes import START


class FakeCameraLeases:
    """`CameraLeases` in memory."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[str, int, datetime]] = {}

    def acquire(self, camera: str, holder: str, *, now: datetime, ttl_s: float) -> int | None:
        by, token, until = self._held.get(camera, ("", 0, now))
        live = until > now
        if by not in ("", holder) and live:
            return None
        token += 0 if by == holder and live else 1
        self._held[camera] = (holder, token, now + timedelta(seconds=ttl_s))
        return token

    def release(self, camera: str, holder: str) -> None:
        by, token, until = self._held.get(camera, ("", 0, START))
        if by == holder:
            self._held[camera] = ("", token, until)
