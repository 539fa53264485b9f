"""The cameras of the store, read again only when one of them changed."""

from collections.abc import Mapping

from domain.cameras import Camera
from domain.ports import StreamStore


class CameraDirectory:
    """Cameras by name. `refresh` asks for the store's revision and reads the cameras only when it moved.

    Threads may share it: what `cameras` returned is never changed afterwards.
    """

    def __init__(self, store: StreamStore) -> None:
        self._store = store
        self._known: tuple[int | None, Mapping[str, Camera]] = (None, {})

    @property
    def cameras(self) -> Mapping[str, Camera]:
        """The cameras as they were last read; none before the first `refresh`."""
        return self._known[1]

    def refresh(self) -> bool:
        """Return whether the cameras were read again. Raises `StoreUnavailable`; what was read before stays."""
        revision = self._store.revision()
        if revision == self._known[0]:
            return False
        self._known = (revision, {camera.name: camera for camera in self._store.cameras()})
        return True
