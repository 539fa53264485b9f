"""The cameras of the store, read again only when one of them changed."""

import pytest

from domain.camera_directory import CameraDirectory
from domain.cameras import Camera
from domain.errors import StoreUnavailable
from tests.fakes.ports import START, FakeStreamStore


class CountingStore(FakeStreamStore):
    """Counts how often the cameras are read; while `away` it answers nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0
        self.away = False

    def revision(self) -> int:
        if self.away:
            raise StoreUnavailable("away")
        return super().revision()

    def cameras(self) -> tuple[Camera, ...]:
        self.reads += 1
        return tuple(super().cameras())


def test_the_cameras_are_read_once_for_each_change() -> None:
    store = CountingStore()
    directory = CameraDirectory(store)
    assert directory.refresh()
    assert not directory.refresh()
    store.put_camera(Camera("gate", "rtsp://h/1"), by="ana", at=START)
    assert directory.refresh()
    assert not directory.refresh()
    assert store.reads == 2
    assert list(directory.cameras) == ["gate"]


def test_while_the_store_is_away_the_last_known_cameras_stay() -> None:
    store = CountingStore()
    store.put_camera(Camera("gate", "rtsp://h/1"), by="ana", at=START)
    directory = CameraDirectory(store)
    directory.refresh()
    store.away = True
    with pytest.raises(StoreUnavailable):
        directory.refresh()
    assert list(directory.cameras) == ["gate"]
