"""The cameras a worker watches, read again when the store says that they changed."""

from datetime import datetime

from domain.camera_directory import CameraDirectory
from domain.cameras import Camera
from domain.clocks import is_within
from domain.ports import StreamStore

CHECK_EVERY_S = 2.0


class WatchedCameras:
    """The enabled cameras by name; `refresh` asks the store at most every 2 s."""

    def __init__(self, store: StreamStore) -> None:
        self._directory = CameraDirectory(store)
        self._checked_at: datetime | None = None
        self._cameras: dict[str, Camera] = {}

    def refresh(self, now: datetime) -> tuple[str, ...]:
        """Read the cameras again if they changed; return those no longer watched. Raises `StoreUnavailable`."""
        if is_within(self._checked_at, now, CHECK_EVERY_S):
            return ()
        before = self._cameras
        if self._directory.refresh():
            self._cameras = {name: camera for name, camera in self._directory.cameras.items() if camera.enabled}
        self._checked_at = now
        return tuple(before.keys() - self._cameras.keys())

    def find(self, name: str) -> Camera | None:
        """Return the camera, None when it is unknown, retired or switched off."""
        return self._cameras.get(name)

    def names(self) -> tuple[str, ...]:
        return tuple(self._cameras)
