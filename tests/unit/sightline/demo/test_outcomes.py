"""The demo judges itself strictly: one alert, the right name, and silence about the healthy."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.alerts import Incident, IncidentState, NotificationKind, OutboxEntry
from domain.faults import Fault
from sightline.demo.outcomes import PlantedFault, ReceivedMessage, RecordingNotifier, compare_outcomes
from tests.fakes.ports import FakeClock

START = datetime(2026, 3, 14, tzinfo=UTC)


def entry(
    camera: str,
    fault: Fault,
    after_s: float,
    kind: NotificationKind = NotificationKind.FIRING,
    members: tuple[str, ...] = (),
) -> OutboxEntry:
    at = START + timedelta(seconds=after_s)
    incident = Incident(f"{camera}-{fault}-{after_s}", camera, fault, IncidentState.OPEN, at, at, members=members)
    return OutboxEntry(f"{incident.incident_id}:{kind}", kind, incident, at)


def make_message(
    camera: str,
    fault: Fault,
    after_s: float,
    kind: NotificationKind = NotificationKind.FIRING,
    members: tuple[str, ...] = (),
) -> ReceivedMessage:
    return ReceivedMessage(entry(camera, fault, after_s, kind, members), START + timedelta(seconds=after_s))


BLURRED = PlantedFault("garage", Fault.BLUR, START + timedelta(seconds=20))
HEALTHY = PlantedFault("gate", None)


def test_one_alert_under_the_right_name_is_right_and_has_its_delay() -> None:
    [result] = compare_outcomes([BLURRED], [make_message("garage", Fault.BLUR, 31.5)])
    assert result.wrong == ""
    assert result.delay_s == 11.5
    assert result.alerts == 1


@pytest.mark.parametrize(
    ("entries", "wrong"),
    [
        ([], "no alert"),
        ([make_message("garage", Fault.NOISE, 30)], "something else: noisy picture"),
        ([make_message("garage", Fault.BLUR, 30), make_message("garage", Fault.BLUR, 50)], "2 alerts"),
        ([make_message("garage", Fault.BLUR, 19)], "before the fault"),
        (
            [make_message("", Fault.BLUR, 30, members=("garage", "gate")), make_message("garage", Fault.BLUR, 31)],
            "2 alerts",
        ),
    ],
)
def test_anything_else_about_a_planted_fault_is_wrong(entries: list[ReceivedMessage], wrong: str) -> None:
    assert wrong in compare_outcomes([BLURRED], entries)[0].wrong


def test_any_alert_of_a_healthy_camera_is_wrong() -> None:
    assert compare_outcomes([HEALTHY], [])[0].wrong == ""
    assert "out of focus" in compare_outcomes([HEALTHY], [make_message("gate", Fault.BLUR, 3)])[0].wrong


def test_a_group_message_counts_for_each_of_its_members() -> None:
    group = make_message("", Fault.SIGNAL_LOSS, 30, members=("gate", "garage"))
    assert all(result.wrong for result in compare_outcomes([BLURRED, HEALTHY], [group]))


def test_a_recovery_is_no_second_alert_and_its_time_is_kept() -> None:
    entries = [
        make_message("garage", Fault.BLUR, 30),
        make_message("garage", Fault.BLUR, 50, NotificationKind.RESOLVED),
    ]
    [result] = compare_outcomes([BLURRED], entries)
    assert result.wrong == ""
    assert result.resolved_at == START + timedelta(seconds=50)


def test_a_message_sent_again_under_its_key_is_kept_once_with_the_time_it_came() -> None:
    clock = FakeClock(START)
    ledger = RecordingNotifier(clock)
    ledger.send(entry("garage", Fault.BLUR, 30))
    clock.sleep(5)
    ledger.send(entry("garage", Fault.BLUR, 30))
    assert [message.at for message in ledger.messages()] == [START]
