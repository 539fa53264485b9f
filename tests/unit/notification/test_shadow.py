"""Shadow mode keeps exactly what would have been sent, and nobody is notified."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from domain.alerts import Incident, IncidentState, NotificationKind, OutboxEntry
from domain.cameras import Camera
from domain.errors import NotifierUnavailable
from domain.faults import Fault
from domain.messages import BatchResult
from domain.shadow import ShadowCount, ShadowScope, count_by_fault, count_by_receiver
from notification.dispatcher import Dispatcher
from notification.shadow import behind_shadow
from tests.fakes.ports import (
    START,
    FakeAlertStore,
    FakeClock,
    FakeNotifier,
    FakeScoreStore,
    FakeShadowLog,
    FakeStreamStore,
)

FIRING, UPDATE, RESOLVED = NotificationKind.FIRING, NotificationKind.UPDATE, NotificationKind.RESOLVED
EVERYWHERE = ShadowScope(everywhere=True)


class ShadowHarness:
    """Cameras at two sites, one receiver, and a dispatcher that can be started again under another scope."""

    def __init__(self, scope: ShadowScope, sites: tuple[str, ...] = ("north", "south")) -> None:
        self.clock = FakeClock()
        self.streams = FakeStreamStore()
        self.scores = FakeScoreStore(self.streams)
        self.alerts = FakeAlertStore(self.scores, self.streams)
        self.log = FakeShadowLog(self.alerts)
        self.notifier = FakeNotifier()
        for site in sites:
            for number in range(4):
                self.streams.put_camera(Camera(f"{site}-{number}", "rtsp://a.test/1", site=site), by="t", at=START)
        self.start(scope)

    def start(self, scope: ShadowScope) -> None:
        receivers = behind_shadow([self.notifier], self.log, self.streams, scope, self.clock)
        self.dispatcher = Dispatcher(self.alerts, self.streams, receivers, self.clock)

    def happens(self, name: str, kind: NotificationKind = FIRING, fault: Fault = Fault.BLUR) -> None:
        now = self.clock.now()
        state = IncidentState.RESOLVED if kind is RESOLVED else IncidentState.OPEN
        incident = Incident(f"i-{name}", name, fault, state, now, now, site=name.partition("-")[0])
        self.scores.add(
            BatchResult(incidents=(incident,), outbox=(OutboxEntry(f"i-{name}:{kind}", kind, incident, now),))
        )

    def run(self, seconds: float = 70.0) -> None:
        for _ in range(round(seconds / 5)):
            self.dispatcher.run_once()
            self.clock.advance(5)

    def sent(self) -> list[tuple[NotificationKind, str]]:
        return [(each.kind, each.incident.stream_id or each.incident.site or "all") for each in self.notifier.sent]

    def kept(self) -> list[tuple[NotificationKind, str]]:
        listed = sorted(self.log.kept.values(), key=lambda each: each.at)
        return [(each.kind, each.incident.stream_id or each.incident.site or "all") for each in listed]


def test_everything_is_kept_with_its_time_and_receiver_and_nothing_is_sent() -> None:
    desk = ShadowHarness(EVERYWHERE)
    desk.happens("north-0")
    desk.run()
    desk.happens("north-0", RESOLVED)
    desk.run()
    assert desk.sent() == []
    assert desk.kept() == [(FIRING, "north-0"), (RESOLVED, "north-0")]
    assert {each.receiver for each in desk.log.kept.values()} == {"fake"}
    first = desk.log.messages(START, START + timedelta(hours=1))[-1]
    assert timedelta(seconds=60) <= first.at - START <= timedelta(seconds=70)
    assert desk.alerts.due(desk.clock.now()) == []


def test_a_group_is_kept_as_the_one_message_it_would_have_been() -> None:
    desk = ShadowHarness(EVERYWHERE)
    for number in range(4):
        desk.happens(f"north-{number}", fault=Fault.SIGNAL_LOSS)
    desk.run(130)
    assert desk.sent() == []
    assert desk.kept() == [(FIRING, "north")]


def test_one_site_is_in_shadow_and_the_other_is_not() -> None:
    desk = ShadowHarness(ShadowScope(sites=frozenset({"north"})))
    desk.happens("north-0")
    desk.happens("south-0", fault=Fault.COVERED)
    desk.run()
    assert desk.kept() == [(FIRING, "north-0")]
    assert desk.sent() == [(FIRING, "south-0")]


@pytest.mark.parametrize(("shadowed", "kept"), [({"north"}, False), ({"north", "south"}, True)])
def test_all_cameras_at_once_are_sent_unless_every_one_is_in_shadow(shadowed: set[str], *, kept: bool) -> None:
    desk = ShadowHarness(ShadowScope(sites=frozenset(shadowed)))
    for site in ("north", "south"):
        for number in range(4):
            desk.happens(f"{site}-{number}", fault=Fault.SIGNAL_LOSS)
    desk.run(130)
    assert (desk.kept(), desk.sent()) == (([(FIRING, "all")], []) if kept else ([], [(FIRING, "all")]))


def test_the_only_site_in_shadow_is_all_cameras() -> None:
    desk = ShadowHarness(ShadowScope(sites=frozenset({"north"})), sites=("north",))
    for number in range(4):
        desk.happens(f"north-{number}", fault=Fault.SIGNAL_LOSS)
    desk.run(130)
    assert (desk.kept(), desk.sent()) == ([(FIRING, "all")], [])


def test_the_end_of_what_was_kept_is_not_sent_after_shadow_mode_was_switched_off() -> None:
    desk = ShadowHarness(EVERYWHERE)
    desk.happens("north-0")
    desk.run()
    desk.start(ShadowScope())
    desk.happens("north-0", RESOLVED)
    desk.happens("south-0")
    desk.run()
    assert desk.sent() == [(FIRING, "south-0")]
    assert desk.kept() == [(FIRING, "north-0"), (RESOLVED, "north-0")]


@pytest.mark.parametrize("during", [UPDATE, NotificationKind.REMINDER])
def test_what_was_sent_before_a_stretch_of_shadow_mode_is_ended_after_it(during: NotificationKind) -> None:
    """Else the receiver would call a fault open for ever: only its later messages were kept, not its first."""
    desk = ShadowHarness(ShadowScope())
    desk.happens("north-0")
    desk.run()
    desk.start(EVERYWHERE)
    desk.happens("north-0", during)
    desk.run()
    desk.start(ShadowScope())
    desk.happens("north-0", RESOLVED)
    desk.run()
    assert desk.kept() == [(during, "north-0")]
    assert desk.sent() == [(FIRING, "north-0"), (RESOLVED, "north-0")]


def test_the_end_of_what_was_sent_is_sent_during_shadow_mode_too() -> None:
    """Else the receiver would call it open for as long as shadow mode is on, and for ever after."""
    desk = ShadowHarness(ShadowScope())
    desk.happens("north-0")
    desk.run()
    desk.start(EVERYWHERE)
    desk.happens("north-0", UPDATE)
    desk.happens("south-0")
    desk.run()
    desk.happens("north-0", RESOLVED)
    desk.happens("south-0", RESOLVED)
    desk.run()
    assert desk.sent() == [(FIRING, "north-0"), (RESOLVED, "north-0")]
    assert desk.kept() == [(UPDATE, "north-0"), (FIRING, "south-0"), (RESOLVED, "south-0")]


def test_whoever_was_notified_hears_the_end_although_an_escalation_to_them_was_kept() -> None:
    desk = ShadowHarness(ShadowScope())
    desk.happens("north-0")
    desk.run()
    desk.start(EVERYWHERE)
    receiver = behind_shadow([desk.notifier], desk.log, desk.streams, EVERYWHERE, desk.clock)[0]
    incident = desk.alerts.incidents()[0]
    receiver.send(OutboxEntry(f"{incident.incident_id}:escalation:a", NotificationKind.ESCALATION, incident, START))
    desk.happens("north-0", RESOLVED)
    desk.run()
    assert desk.kept() == [(NotificationKind.ESCALATION, "north-0")]
    assert desk.sent() == [(FIRING, "north-0"), (RESOLVED, "north-0")]


def test_the_end_of_a_group_that_was_sent_is_sent_once_during_shadow_mode() -> None:
    desk = ShadowHarness(ShadowScope())
    for number in range(4):
        desk.happens(f"north-{number}", fault=Fault.SIGNAL_LOSS)
    desk.run(130)
    desk.start(EVERYWHERE)
    for number in range(4):
        desk.happens(f"north-{number}", RESOLVED, fault=Fault.SIGNAL_LOSS)
    desk.run(130)
    assert desk.sent() == [(FIRING, "north"), (RESOLVED, "north")]
    assert desk.kept() == []


def test_the_end_of_a_group_that_was_kept_is_kept_with_the_ends_of_its_cameras() -> None:
    desk = ShadowHarness(EVERYWHERE)
    for number in range(4):
        desk.happens(f"north-{number}", fault=Fault.SIGNAL_LOSS)
    desk.run(130)
    for number in range(4):
        desk.happens(f"north-{number}", RESOLVED, fault=Fault.SIGNAL_LOSS)
    desk.run(130)
    assert desk.sent() == []
    assert desk.kept() == [(FIRING, "north"), (RESOLVED, "north")]


def test_a_message_waits_while_the_database_is_away() -> None:
    desk = ShadowHarness(EVERYWHERE)
    desk.log.away = True
    incident = Incident("i", "north-0", Fault.BLUR, IncidentState.OPEN, START, START, site="north")
    receiver = behind_shadow([desk.notifier], desk.log, desk.streams, EVERYWHERE, desk.clock)[0]
    with pytest.raises(NotifierUnavailable, match="cannot be looked up"):
        receiver.send(OutboxEntry("i:firing", FIRING, incident, START))
    assert desk.sent() == []


def test_counts_name_each_fault_once_for_each_incident_however_many_receivers() -> None:
    desk = ShadowHarness(EVERYWHERE)
    second = FakeNotifier()
    second.name = "desk"
    receivers = behind_shadow([desk.notifier, second], desk.log, desk.streams, EVERYWHERE, desk.clock)
    desk.dispatcher = Dispatcher(desk.alerts, desk.streams, receivers, desk.clock)
    happen: Callable[..., None] = desk.happens
    happen("north-0")
    happen("south-0")
    happen("south-1", fault=Fault.COVERED)
    desk.run()
    happen("north-0", RESOLVED)
    desk.run()
    kept = list(desk.log.kept.values())
    assert count_by_fault(kept) == (ShadowCount(Fault.BLUR, 2, 6), ShadowCount(Fault.COVERED, 1, 2))
    assert count_by_receiver(kept) == {"desk": 4, "fake": 4}


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        (ShadowScope(), ""),
        (EVERYWHERE, "nobody is notified"),
        (ShadowScope(sites=frozenset({"south", "north"})), "at north, south"),
    ],
)
def test_the_state_is_said_in_a_sentence(scope: ShadowScope, said: str) -> None:
    assert said in scope.sentence()
    assert bool(scope) is bool(said)
