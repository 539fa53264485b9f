"""The parts of the running system that hold a little logic of their own."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain.camera_directory import CameraDirectory
from domain.cameras import Camera
from domain.errors import StoreUnavailable
from sightline.runtime.logging_setup import Redactor
from sightline.services.housekeeping import Housekeeping
from sightline.services.ingest_service import IngestService, register_cameras
from tests.fakes.ports import START, FakeClock, FakeScoreStore, FakeStreamStore


class CountingScoreStore(FakeScoreStore):
    def __init__(self) -> None:
        super().__init__()
        self.rolled = 0
        self.retained = 0

    def roll_up(self, now: datetime) -> int:
        if self.away:
            raise StoreUnavailable("locked")
        self.rolled += 1
        return 0

    def retain(self, now: datetime) -> Mapping[str, int]:
        self.retained += 1
        return {}


def test_housekeeping_rolls_up_each_time_and_retains_once_an_hour() -> None:
    store, clock = CountingScoreStore(), FakeClock()
    housekeeping = Housekeeping(store, clock)

    for _ in range(121):
        housekeeping.run_once()
        clock.advance(30)

    assert store.rolled == 121
    assert store.retained == 2


def test_nothing_is_deleted_while_the_clock_is_not_believed_and_it_is_done_soon_after() -> None:
    store, clock, reason = CountingScoreStore(), FakeClock(), ["the machine's clock was set forward by 30 days"]
    housekeeping = Housekeeping(store, clock, deletion_blocked_reason=lambda: reason[0])
    housekeeping.run_once()
    assert (store.rolled, store.retained) == (1, 0)

    reason[0] = ""
    clock.advance(30)
    housekeeping.run_once()

    assert store.retained == 1


def test_a_clock_set_back_does_not_put_retention_off() -> None:
    store, clock = CountingScoreStore(), FakeClock()
    housekeeping = Housekeeping(store, clock)
    housekeeping.run_once()

    clock.advance(-30 * 86400)
    housekeeping.run_once()

    assert store.retained == 2


def test_housekeeping_that_failed_is_done_at_the_next_call() -> None:
    store = CountingScoreStore()
    store.away = True
    housekeeping = Housekeeping(store, FakeClock())
    with pytest.raises(StoreUnavailable):
        housekeeping.run_once()
    store.away = False

    housekeeping.run_once()

    assert store.retained == 1


class WatchedSupervisor:
    def __init__(self) -> None:
        self.handed: list[list[str]] = []

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def update(self, cameras: Iterable[Camera]) -> None:
        self.handed.append([camera.name for camera in cameras])


def test_cameras_added_while_running_reach_ingest_once_and_their_passwords_the_redactor() -> None:
    store, supervisor, redactor = FakeStreamStore(), WatchedSupervisor(), Redactor()
    directory = CameraDirectory(store)
    directory.refresh()
    part = IngestService(supervisor, directory, redactor)  # type: ignore[arg-type]

    part.follow()
    store.put_camera(Camera("gate", "rtsp://u:hunter2@h"), by="ana", at=START)
    part.follow()
    part.follow()

    assert supervisor.handed == [["gate"]]
    assert redactor("the answer was hunter2") == "the answer was ***"


def test_a_camera_of_the_settings_is_stored_once_and_again_when_it_changes() -> None:
    store, clock = FakeStreamStore(), FakeClock()
    gate = Camera("gate", "rtsp://h/1")

    assert register_cameras([gate], store, clock) == ("gate",)
    assert register_cameras([gate], store, clock) == ()
    assert register_cameras([Camera("gate", "rtsp://h/2")], store, clock) == ("gate",)
    assert [entry.by for entry in store.audit()] == ["settings file", "settings file"]


def test_what_an_operator_accepted_outlives_a_change_of_the_settings() -> None:
    store, clock = FakeStreamStore(), FakeClock()
    register_cameras([Camera("gate", "rtsp://h/1")], store, clock)
    store.accept_view("gate", by="ana", at=START + timedelta(hours=1))

    register_cameras([Camera("gate", "rtsp://h/2")], store, clock)

    kept = store.camera("gate")
    assert kept is not None
    assert (kept.url, kept.accepted_by) == ("rtsp://h/2", "ana")


def test_what_was_edited_on_the_page_stays_until_its_entry_in_the_settings_changes() -> None:
    store, clock = FakeStreamStore(), FakeClock()
    register_cameras([Camera("gate", "rtsp://h/1"), Camera("yard", "rtsp://h/2")], store, clock)
    store.edit_camera("gate", lambda camera: replace(camera, site="North"), by="ana", at=clock.now())
    store.remove_camera("yard", by="ana", at=clock.now())

    assert register_cameras([Camera("gate", "rtsp://h/1"), Camera("yard", "rtsp://h/2")], store, clock) == ()
    kept = store.camera("gate")
    assert kept is not None
    assert kept.site == "North"
    assert store.camera("yard") is None

    assert register_cameras([Camera("gate", "rtsp://h/1", ptz=True)], store, clock) == ("gate",)
    assert store.camera("gate") == Camera("gate", "rtsp://h/1", ptz=True)
