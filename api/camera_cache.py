"""The cameras, known even while the store is unavailable."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.camera_directory import CameraDirectory
from domain.cameras import Camera
from domain.errors import StoreUnavailable
from domain.ports import StreamStore


@dataclass(frozen=True, slots=True)
class CameraListing:
    """`away` says why the store does not answer; the cameras are then the last ones known."""

    cameras: Mapping[str, Camera]
    outage: str = ""


class CameraCache:
    """Asks the store at each `read` whether a camera changed. Shared by threads."""

    def __init__(self, store: StreamStore) -> None:
        self._directory = CameraDirectory(store)

    def read(self) -> CameraListing:
        outage = ""
        try:
            self._directory.refresh()
        except StoreUnavailable as error:
            outage = str(error) or "the store is unavailable"
        return CameraListing(self._directory.cameras, outage)
