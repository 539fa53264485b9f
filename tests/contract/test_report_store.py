"""What reports are computed from is the same in every database: exact, and unmoved by what comes twice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from domain.alerts import IncidentState
from domain.baselines import LightMode
from domain.cameras import Camera
from domain.faults import Fault
from domain.messages import BatchResult
from domain.records import Resolution
from domain.verdict_time import Cut, MaintenanceWindow, StateSum, TimeState, VerdictSpan, WatchChange
from storage.sql.database.engine import read_transaction, write_transaction
from storage.sql.report_store import SqlReportStore
from storage.sql.score_store import SqlScoreStore
from storage.sql.stream_store import SqlStreamStore
from tests.contract.records import incident, scores
from tests.fakes.ports import START, FakeClock

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


def span(since_s: float, until_s: float, state: TimeState = TimeState.OK, cause: str = "") -> VerdictSpan:
    light = LightMode.DAY if state is TimeState.OK else None
    return VerdictSpan("gate", START + since_s * SECOND, START + until_s * SECOND, state, cause, light)


def sums(database: Engine, since_s: float, until_s: float) -> dict[tuple[TimeState, str], float]:
    cut = Cut(7, "gate", START + since_s * SECOND, START + until_s * SECOND)
    found = SqlReportStore(database).time_in_states([cut])
    assert {each.key for each in found} <= {7}
    return {(each.state, each.cause): each.duration.total_seconds() for each in found}


def count(database: Engine) -> int:
    with read_transaction(database) as connection:
        return int(connection.execute(text("SELECT count(*) FROM verdict_time")).scalar_one())


def test_time_is_added_up_within_the_cut_alone(database: Engine) -> None:
    store = SqlScoreStore(database)
    blur = span(10, 25.5, TimeState.FAULT, Fault.BLUR)
    store.add(BatchResult(spans=(span(0, 10), blur, span(25.5, 40))))
    assert sums(database, 0, 40) == {(TimeState.OK, ""): 24.5, (TimeState.FAULT, "blur"): 15.5}
    assert sums(database, 9.25, 12) == {(TimeState.OK, ""): 0.75, (TimeState.FAULT, "blur"): 2}
    assert sums(database, 40, 90) == {}


def test_the_spans_that_touch_a_stretch_are_listed_oldest_first(database: Engine) -> None:
    store = SqlScoreStore(database)
    parts = (span(0, 10), span(10, 25.5, TimeState.FAULT, Fault.BLUR), span(25.5, 40))
    store.add(BatchResult(spans=(*parts, replace(parts[0], stream_id="yard"))))

    def listed(since_s: float, until_s: float, limit: int = 9) -> list[VerdictSpan]:
        return list(store.verdict_spans("gate", START + since_s * SECOND, START + until_s * SECOND, limit=limit))

    assert listed(0, 40) == list(parts)
    assert listed(10, 25.5) == [parts[1]]
    assert listed(9, 11) == list(parts[:2])
    assert listed(0, 40, limit=2) == list(parts[1:])
    assert listed(40, 90) == []


def test_a_unit_that_comes_again_changes_nothing(database: Engine) -> None:
    store = SqlScoreStore(database)
    units = [BatchResult(spans=(span(at, at + 2),)) for at in range(0, 20, 2)]
    for unit in (*units, *units[3:], units[0]):
        store.add(unit)
    assert sums(database, -100, 100) == {(TimeState.OK, ""): 20}
    assert count(database) == 1


def test_of_what_another_worker_judged_again_only_the_new_part_counts(database: Engine) -> None:
    """A worker that takes over judges with empty windows: what it says of time already written down is passed over."""
    SqlScoreStore(database).add(BatchResult(spans=(span(0, 30),)))
    again = (span(10, 20, TimeState.NOT_ASSESSABLE, "too_few_pictures"), span(20, 45))
    SqlScoreStore(database).add(BatchResult(spans=again))
    assert sums(database, -100, 100) == {(TimeState.OK, ""): 45}


def test_a_gap_stays_a_gap(database: Engine) -> None:
    store = SqlScoreStore(database)
    store.add(BatchResult(spans=(span(0, 10),)))
    store.add(BatchResult(spans=(span(60, 70),)))
    assert sums(database, 0, 70) == {(TimeState.OK, ""): 20}
    assert count(database) == 2


def test_a_span_over_midnight_is_stored_by_days_and_added_up_whole(database: Engine) -> None:
    store = SqlScoreStore(database)
    store.add(BatchResult(spans=(span(0, 5 * 86_400),)))
    assert count(database) == 6
    assert sums(database, 0, 6 * 86_400) == {(TimeState.OK, ""): 5 * 86_400}
    assert sums(database, 86_400.5, 86_401) == {(TimeState.OK, ""): 0.5}


def test_time_written_by_a_clock_that_was_ahead_gives_way(database: Engine) -> None:
    clock = FakeClock(START + DAY)
    store = SqlScoreStore(database, clock=clock)
    store.add(BatchResult(spans=(span(0, 10),)))
    store.add(BatchResult(spans=(span(3 * 86_400, 3 * 86_400 + 10, TimeState.FAULT, Fault.BLUR),)))
    store.add(BatchResult(spans=(span(10, 20),)))
    assert sums(database, 0, 9 * 86_400) == {(TimeState.OK, ""): 20}


def test_cuts_of_many_cameras_and_keys_are_kept_apart(database: Engine) -> None:
    store = SqlScoreStore(database)
    names = [f"camera '{number}' :c{number}" for number in range(30)]
    store.add(
        BatchResult(
            spans=tuple(
                VerdictSpan(name, START, START + (1 + place) * SECOND, TimeState.OK) for place, name in enumerate(names)
            )
        )
    )
    cuts = [Cut(place, name, START, START + DAY) for place, name in enumerate(names)] * 20
    found = {each.key: each for each in SqlReportStore(database).time_in_states(cuts)}
    assert found[9] == StateSum(9, TimeState.OK, "", None, 20 * 10 * SECOND)
    assert len(found) == 30


def test_when_a_camera_is_watched_is_written_down_with_its_changes(database: Engine) -> None:
    streams, reports = SqlStreamStore(database), SqlReportStore(database)
    camera = Camera("gate", "rtsp://10.0.0.7/main", site="north", group="switch 1")
    streams.put_camera(camera, by="ann", at=START)
    streams.put_camera(camera, by="ann", at=START + SECOND)
    off = Camera("gate", "rtsp://10.0.0.7/main", site="north", group="switch 1", enabled=False)
    streams.put_camera(off, by="ann", at=START + DAY)
    streams.put_camera(camera, by="ann", at=START + 2 * DAY)
    streams.remove_camera("gate", by="ann", at=START + 3 * DAY)
    assert reports.watch_changes() == [
        WatchChange("gate", START + place * DAY, watched, "north", "switch 1")
        for place, watched in enumerate((True, False, True, False))
    ]


def test_maintenance_is_announced_withdrawn_and_audited(database: Engine) -> None:
    reports, streams = SqlReportStore(database), SqlStreamStore(database)
    window = MaintenanceWindow("w1", START, START + DAY, site="north", reason="lenses cleaned", by="ann")
    reports.announce_maintenance(window, at=START)
    assert reports.maintenance_windows() == [window]
    assert reports.withdraw_maintenance("w1", by="bob", at=START + SECOND)
    assert not reports.withdraw_maintenance("w1", by="bob", at=START + SECOND)
    assert reports.maintenance_windows() == []
    assert [entry.action for entry in streams.audit()] == ["withdraw maintenance", "announce maintenance"]


def test_incidents_of_a_stretch_are_those_open_at_any_time_in_it(database: Engine) -> None:
    store, reports = SqlScoreStore(database), SqlReportStore(database)
    still_open = incident("open")
    over = replace(incident("over", state=IncidentState.RESOLVED), resolved_at=START + DAY)
    store.add(BatchResult(incidents=(still_open, over)))
    found = reports.incidents_between(START - DAY, START + 30 * DAY)
    assert {each.incident_id for each in found} == {"open", "over"}
    assert reports.incidents_between(START - 2 * DAY, START - DAY) == []
    after = reports.incidents_between(START + 20 * DAY, START + 30 * DAY)
    assert {each.incident_id for each in after} == {"open"}


def test_series_hold_the_rolled_up_means_of_the_hours_asked_for(database: Engine) -> None:
    store, reports = SqlScoreStore(database), SqlReportStore(database)
    given = [scores("gate", number, at_s=number * 3600) for number in range(6)]
    store.add(BatchResult(scores=tuple(given)))
    store.roll_up(START + DAY)
    metric = next(iter(given[0].values))
    (whole,) = reports.series(metric, ["gate", "yard"], START, START + DAY, Resolution.HOUR)
    assert [datetime.fromtimestamp(at, UTC) for at in whole.at_s] == [START + n * timedelta(hours=1) for n in range(6)]
    assert list(whole.mean) == pytest.approx([each.values[metric] for each in given])
    hours = [START.hour, START.hour + 2]
    (some,) = reports.series(metric, ["gate"], START, START + DAY, Resolution.HOUR, utc_hours=hours)
    assert [datetime.fromtimestamp(at, UTC).hour for at in some.at_s] == hours
    assert reports.series("nothing", ["gate"], START, START + DAY, Resolution.HOUR) == []


def test_the_models_of_a_day_are_known_after_its_frames_are_gone(database: Engine) -> None:
    store, reports = SqlScoreStore(database), SqlReportStore(database)
    given = scores("gate", 1, at_s=0)
    store.add(BatchResult(scores=(given,)))
    with write_transaction(database) as connection:
        connection.execute(text("DELETE FROM frames"))
    assert reports.models_between(START, START + DAY) == {name: {value} for name, value in given.models.items()}
    assert reports.models_between(START - 9 * DAY, START - 2 * DAY) == {}
