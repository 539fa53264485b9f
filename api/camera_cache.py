"""The cameras there are, re-read only when they change, and known even while the store is away."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.cameras import Camera
from domain.errors import StoreUnavailable
from domain.ports import StreamStore


@dataclass(frozen=True, slots=True)
class CameraListing:
    """`away` says why the store cannot be asked; then the cameras are the last ones known."""

    cameras: Mapping[str, Camera] = field(default_factory=dict)
    revision: int = -1
    away: str = ""


class CameraCache:
    """Asks the store for its revision each time, for the cameras only when that moved. Shared by threads."""

    def __init__(self, store: StreamStore) -> None:
        self._store = store
        self._known = CameraListing()

    def read(self) -> CameraListing:
        known = self._known
        try:
            revision = self._store.revision()
            if revision != known.revision:
                known = CameraListing({camera.name: camera for camera in self._store.cameras()}, revision)
                self._known = known
        except StoreUnavailable as error:
            return CameraListing(known.cameras, known.revision, away=str(error) or "the store is away")
        return known
