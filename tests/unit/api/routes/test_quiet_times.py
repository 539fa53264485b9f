"""Maintenance and snoozes over the API, on a real desk over fakes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.cameras import Camera
from domain.faults import Evidence, Fault, Verdict, VerdictState
from domain.verdict_time import MaintenanceWindow
from sightline.services.maintenance_planner import StoredMaintenancePlanner
from tests.fakes.quiet_times import FakeQuietTimeStore
from tests.unit.api.conftest import Caller, make_app
from tests.unit.api.sample_cameras import SampleCameras

GATE = Camera("gate", "rtsp://gate.test/1", site="depot")


class WindowTable:
    """The part of `ReportStore` that the desk uses, over the same windows."""

    def __init__(self, quiet: FakeQuietTimeStore) -> None:
        self._quiet = quiet

    def maintenance_windows(self) -> list[MaintenanceWindow]:
        return list(self._quiet.by_id.values())

    def announce_maintenance(self, window: MaintenanceWindow, *, at: datetime) -> None:
        self._quiet.by_id[window.window_id] = window

    def withdraw_maintenance(self, window_id: str, *, by: str, at: datetime) -> bool:
        return self._quiet.by_id.pop(window_id, None) is not None


@pytest.fixture
def quiet() -> FakeQuietTimeStore:
    return FakeQuietTimeStore()


ZONES = {"depot": ZoneInfo("Europe/Berlin"), "harbour": ZoneInfo("America/St_Johns")}
NIGHTS = {"by": "ann", "first": "2026-03-23T22:00", "minutes": 480, "rule": "FREQ=DAILY", "site": "depot"}


@pytest.fixture
def caller(stage: SampleCameras, quiet: FakeQuietTimeStore) -> Caller:
    zone_of = lambda site: ZONES.get(site, UTC)  # noqa: E731
    desk = StoredMaintenancePlanner(WindowTable(quiet), quiet, stage.clock, zone_of)  # type: ignore[arg-type]
    return Caller(make_app(stage, quiet_times=desk))


def test_maintenance_begins_at_a_camera_and_ends_by_hand(caller: Caller, stage: SampleCameras) -> None:
    stage.healthy(GATE)
    answer = caller.post("/api/v1/cameras/gate/maintenance", json={"hours": 2, "reason": "new mast", "by": "ann"})
    assert answer.status_code == 200
    window = answer.json()
    assert (window["camera"], window["reason"], window["by"]) == ("gate", "new mast", "ann")
    length = datetime.fromisoformat(window["until"]) - datetime.fromisoformat(window["since"])
    assert length == timedelta(hours=2)
    assert [each["id"] for each in caller.get("/api/v1/maintenance").json()] == [window["id"]]
    stage.clock.advance(600)
    assert caller.post(f"/api/v1/maintenance/{window['id']}/end", json={"by": "ann"}).status_code == 204
    assert caller.get("/api/v1/maintenance").json() == []
    assert caller.post(f"/api/v1/maintenance/{window['id']}/end", json={"by": "ann"}).status_code == 404


def test_a_window_that_was_ended_keeps_its_time_for_reports(
    caller: Caller, stage: SampleCameras, quiet: FakeQuietTimeStore
) -> None:
    stage.healthy(GATE)
    began = stage.clock.now()
    window = caller.post("/api/v1/cameras/gate/maintenance", json={"hours": 2, "by": "ann"}).json()
    stage.clock.advance(600)
    caller.post(f"/api/v1/maintenance/{window['id']}/end", json={"by": "ann"})
    (kept,) = quiet.by_id.values()
    assert (kept.since, kept.until) == (began, began + timedelta(seconds=600))


def test_an_incident_is_put_off_with_a_reason_and_an_end(caller: Caller, stage: SampleCameras) -> None:
    fault = Verdict(Fault.BLUR, VerdictState.FAULT, "edge_width 14", Evidence("edge_width", "px", 14.0))
    incident = stage.failing(GATE, fault)
    path = f"/api/v1/incidents/{incident.incident_id}/snooze"
    snooze = caller.post(path, json={"hours": 4, "reason": "spare part comes", "by": "ann"}).json()
    assert (snooze["incident_id"], snooze["reason"]) == (incident.incident_id, "spare part comes")
    assert [each["id"] for each in caller.get("/api/v1/snoozes").json()] == [snooze["id"]]
    assert caller.post(f"/api/v1/snoozes/{snooze['id']}/end", json={"by": "bob"}).status_code == 204
    assert caller.get("/api/v1/snoozes").json() == []


@pytest.mark.parametrize(
    "body",
    [
        {"hours": 0, "by": "ann"},
        {"hours": 1e9, "by": "ann"},
        {"hours": 1},
        {"hours": 1, "by": ""},
        {"hours": 1, "by": "ann", "reason": "a\nb"},
        {"hours": 1, "by": "ann", "more": 1},
    ],
)
def test_a_request_that_makes_no_sense_is_refused(
    caller: Caller, stage: SampleCameras, body: dict[str, object]
) -> None:
    stage.healthy(GATE)
    assert caller.post("/api/v1/cameras/gate/maintenance", json=body).status_code == 422


@pytest.mark.parametrize("path", ["cameras/nobody/maintenance", "incidents/none/snooze"])
def test_what_is_not_there_is_not_found(caller: Caller, path: str) -> None:
    assert caller.post(f"/api/v1/{path}", json={"hours": 1, "by": "ann"}).status_code == 404


@pytest.mark.parametrize(
    ("now", "first", "expected"),
    [
        # Berlin's clocks: 29 March 2026 01:00 UTC and 25 October 2026 01:00 UTC.
        ("2026-03-27T12:00", "2026-03-27T22:00", ["2026-03-27T21:00", "2026-03-28T21:00", "2026-03-29T20:00"]),
        ("2026-10-23T12:00", "2026-10-23T22:00", ["2026-10-23T20:00", "2026-10-24T20:00", "2026-10-25T21:00"]),
    ],
)
def test_what_recurs_keeps_the_hour_of_the_site_when_its_clocks_change(
    caller: Caller, stage: SampleCameras, now: str, first: str, expected: list[str]
) -> None:
    stage.healthy(GATE)
    stage.clock.advance((datetime.fromisoformat(now).replace(tzinfo=UTC) - stage.clock.now()).total_seconds())
    answer = caller.post("/api/v1/maintenance/schedules", json={**NIGHTS, "first": first})
    assert answer.status_code == 200, answer.text
    made = answer.json()
    assert (made["zone"], made["site"], made["by"]) == ("Europe/Berlin", "depot", "ann")
    assert caller.get("/api/v1/maintenance/schedules").json() == [made]
    windows = [each for each in caller.get("/api/v1/maintenance").json() if each["id"].startswith(made["id"])]
    assert [each["since"][:16] for each in windows][:3] == expected
    hours = {datetime.fromisoformat(each["since"]).astimezone(ZONES["depot"]).hour for each in windows}
    assert hours == {22}


def test_what_recurs_every_week_comes_on_its_day_and_ends_by_hand(caller: Caller, stage: SampleCameras) -> None:
    stage.healthy(GATE)
    weekly = {**NIGHTS, "rule": "FREQ=WEEKLY;BYDAY=MO,TH", "minutes": 60}
    made = caller.post("/api/v1/maintenance/schedules", json=weekly).json()
    windows = caller.get("/api/v1/maintenance").json()
    days = {datetime.fromisoformat(each["since"]).astimezone(ZONES["depot"]).weekday() for each in windows}
    assert days == {0, 3}
    end = f"/api/v1/maintenance/schedules/{made['id']}/end"
    assert caller.post(end, json={"by": "bob"}).status_code == 204
    assert caller.get("/api/v1/maintenance/schedules").json() == caller.get("/api/v1/maintenance").json() == []
    assert caller.post(end, json={"by": "bob"}).status_code == 404


def test_a_cameras_schedule_is_in_the_zone_of_its_site(caller: Caller, stage: SampleCameras) -> None:
    stage.healthy(Camera("pier", "rtsp://pier.test/1", site="harbour"))
    made = caller.post("/api/v1/maintenance/schedules", json={**NIGHTS, "site": "", "camera": "pier"}).json()
    assert (made["camera"], made["zone"]) == ("pier", "America/St_Johns")


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"site": "nowhere"}, 404),
        ({"camera": "nobody"}, 404),
        ({"camera": "gate", "site": "harbour"}, 404),
        ({"group": "switch 9"}, 404),
        ({"rule": "FREQ=HOURLY"}, 422),
        ({"rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, 422),
        ({"rule": "FREQ=DAILY\nEXDATE:20260323T220000"}, 422),
        ({"rule": ""}, 422),
        ({"first": "2026-03-23T22:00:00Z"}, 422),
        ({"first": "1000-01-01T22:00"}, 422),
        ({"minutes": 0}, 422),
        ({"minutes": 10**9}, 422),
        ({"site": "de\u202epot"}, 422),
        ({"zone": "UTC"}, 422),
    ],
)
def test_recurring_maintenance_that_makes_no_sense_is_refused(
    caller: Caller, stage: SampleCameras, changed: dict[str, object], status: int
) -> None:
    stage.healthy(GATE)
    stage.healthy(Camera("pier", "rtsp://pier.test/1", site="harbour"))
    answer = caller.post("/api/v1/maintenance/schedules", json={**NIGHTS, **changed})
    assert answer.status_code == status, answer.text
    assert caller.get("/api/v1/maintenance/schedules").json() == []
