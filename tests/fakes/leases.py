"""Camera leases in memory, held to the contract of the real ones."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from tests.fakes.ports import START


class FakeCameraLeases:
    """`CameraLeases` in memory."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[str, int, datetime]] = {}
        self._fences: dict[str, int] = {}

    def acquire(self, camera: str, holder: str, *, now: datetime, ttl_s: float) -> int | None:
        by, token, until = self._held.get(camera, ("", 0, now))
        if by not in ("", holder) and until > now:
            return None
        token += by != holder
        if by not in ("", holder):
            self._fences[camera] = token
        self._held[camera] = (holder, token, now + timedelta(seconds=ttl_s))
        return token

    def release(self, camera: str, holder: str) -> None:
        by, token, until = self._held.get(camera, ("", 0, START))
        if by == holder:
            self._held[camera] = ("", token, until)

    def fences(self, cameras: Collection[str]) -> Mapping[str, int]:
        return {camera: self._fences.get(camera, 0) for camera in cameras if camera in self._held}
