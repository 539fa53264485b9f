"""Incidents counted by hand and by the report."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from domain.alerts import Incident, IncidentState
from domain.faults import Evidence, Fault
from reports.measures.reliability import Times, add_tallies, tally
from reports.usable_time.periods import Stretch

START = datetime(2026, 5, 4, tzinfo=UTC)
WEEK = Stretch(START, START + timedelta(days=7))


def incident(
    number: int, at_h: float, *, began_h: float, lasted_h: float | None, fault: Fault = Fault.BLUR
) -> Incident:
    opened = START + timedelta(hours=at_h)
    resolved = None if lasted_h is None else opened + timedelta(hours=lasted_h)
    return Incident(
        incident_id=f"i{number}",
        stream_id="gate",
        headline=fault,
        state=IncidentState.OPEN if resolved is None else IncidentState.RESOLVED,
        opened_at=opened,
        updated_at=resolved or opened,
        evidence=Evidence(since=START + timedelta(hours=began_h)),
        resolved_at=resolved,
    )


def test_times_to_detect_and_repair_are_those_of_the_period() -> None:
    found = tally(
        [
            incident(1, -5, began_h=-6, lasted_h=10),
            incident(2, 10, began_h=9.9, lasted_h=2),
            incident(3, 50, began_h=49.8, lasted_h=4, fault=Fault.FREEZE),
            incident(4, 160, began_h=159.5, lasted_h=20),
            incident(5, 167, began_h=166, lasted_h=None, fault=Fault.COVERED),
        ],
        WEEK,
    ).summary()
    assert found.incidents == 4
    assert found.by_fault == {"blur": 2, "covered": 1, "freeze": 1}
    assert found.open_at_end == 2
    assert found.to_detect.count == 4
    assert round(found.to_detect.mean_s or 0) == round((0.1 + 0.2 + 0.5 + 1) / 4 * 3600)
    assert found.to_end == Times(3, (10 + 2 + 4) / 3 * 3600, 4 * 3600)


def test_a_fault_that_is_back_within_the_hour_flaps() -> None:
    found = tally(
        [
            incident(1, 1, began_h=1, lasted_h=0.5),
            incident(2, 2, began_h=2, lasted_h=0.5),
            incident(3, 3, began_h=3, lasted_h=0.5, fault=Fault.FREEZE),
            incident(4, 5, began_h=5, lasted_h=0.5),
        ],
        WEEK,
    )
    assert found.flaps == 1


def test_notices_groups_and_maintenance_are_kept_apart() -> None:
    window = (START + timedelta(hours=20), START + timedelta(hours=30))
    found = tally(
        [
            incident(1, 10, began_h=10, lasted_h=1, fault=Fault.RESOLUTION_CHANGED),
            incident(2, 25, began_h=25, lasted_h=1),
            replace(incident(3, 40, began_h=40, lasted_h=1), members=("gate", "yard")),
        ],
        WEEK,
        [window],
    ).summary()
    assert (found.incidents, found.notices, found.in_maintenance, found.to_end.count) == (0, 1, 1, 0)


def test_nothing_to_average_gives_no_figure() -> None:
    found = tally([], WEEK).summary()
    assert (found.to_detect.mean_s, found.to_end.mean_s) == (None, None)


def test_several_cameras_are_averaged_over_their_incidents() -> None:
    one = tally([incident(1, 10, began_h=9, lasted_h=2)], WEEK)
    other = tally([incident(2, 20, began_h=20, lasted_h=4), incident(3, 60, began_h=60, lasted_h=6)], WEEK)
    assert add_tallies([one, other]).summary().to_end.mean_s == 4 * 3600
