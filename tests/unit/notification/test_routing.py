"""Who gets a message, by hand-written expectations and against a second, plain reading of the routes."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.alerts import Incident, IncidentState, NotificationKind, OutboxEntry
from domain.cameras import Camera
from domain.errors import ConfigError
from domain.faults import Fault
from domain.messages import BatchResult
from notification.dispatcher import Dispatcher
from notification.grouping import GroupingPolicy
from notification.routing import MessageFacts, Route, Routing, parse_hours
from tests.fakes.ports import START, FakeAlertStore, FakeClock, FakeNotifier, FakeScoreStore, FakeStreamStore

BERLIN = ZoneInfo("Europe/Berlin")
GATE = Camera("gate", "rtsp://gate.test/1", site="depot", group="switch-1")


def facts(camera: Camera = GATE, fault: Fault = Fault.BLUR, severity: str = "warning") -> MessageFacts:
    return MessageFacts((camera,), fault, severity, camera.site)


def local(day: int, hour: int, minute: int = 0, *, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("text", "moment", "inside"),
    [
        ("mon-fri 07:00-19:00", local(2, 7), True),
        ("mon-fri 07:00-19:00", local(2, 19), False),
        ("mon-fri 07:00-19:00", local(1, 12), False),
        ("fri-mon 07:00-19:00", local(1, 12), True),
        ("fri-mon 07:00-19:00", local(3, 12), False),
        ("22:00-06:00", local(2, 23, 30), True),
        ("22:00-06:00", local(2, 5, 59), True),
        ("22:00-06:00", local(2, 6), False),
        ("fri 22:00-06:00", local(7, 5), True),
        ("fri 22:00-06:00", local(6, 5), False),
        ("sat 00:00-24:00", local(7, 23, 59), True),
        ("sat 00:00-24:00", local(8, 0), False),
        # The clocks change on 29 March and 25 October 2026 in this zone.
        ("sun 07:00-19:00", local(29, 7), True),
        ("sun 07:00-19:00", local(25, 18, 59, month=10), True),
        ("sun 07:00-19:00", local(25, 19, month=10), False),
    ],
)
def test_hours_are_those_of_the_local_clock(text: str, moment: datetime, inside: bool) -> None:
    assert parse_hours(text).include(moment) is inside
    routing = Routing(
        routes=(Route("r", ("a",), hours=(parse_hours(text),)),), default=("d",), zone_of=lambda _: BERLIN
    )
    assert routing.explain(facts(), moment.astimezone(UTC)).receivers == (("a",) if inside else ("d",))


@pytest.mark.parametrize("text", ["", "always", "mon 7:00-19:00", "moo 07:00-19:00", "07:00-25:00", "mon-fri"])
def test_hours_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="hours: "):
        parse_hours(text)


def test_without_routes_everybody_gets_everything() -> None:
    routing = Routing(everyone=("desk", "mail"), always=("log",))
    assert routing.explain(facts(), START).receivers == ("log", "desk", "mail")


def test_the_explanation_names_the_condition_that_does_not_hold() -> None:
    routes = (
        Route("harbour", ("a",), sites=frozenset({"harbour"})),
        Route("night", ("b",), hours=(parse_hours("22:00-06:00"),)),
        Route("grave", ("c",), severities=frozenset({"critical"})),
        Route("blur", ("d",), faults=frozenset({Fault.NOISE})),
    )
    found = Routing(routes=routes, default=("boss",), always=("log",)).explain(facts(), START)
    assert [match.mismatch_reason for match in found.matches] == [
        "the site is depot",
        "it is mon 08:00 there",
        "the severity is warning",
        "the fault is blur",
    ]
    assert (found.by_default, found.receivers) == (True, ("log", "boss"))


class RoutedHarness:
    """A dispatcher with routes and one receiver for each name."""

    def __init__(self, routing: Routing, cameras: list[Camera], names: list[str]) -> None:
        self.clock = FakeClock()
        self.streams = FakeStreamStore()
        self.scores = FakeScoreStore(self.streams)
        self.alerts = FakeAlertStore(self.scores, self.streams)
        self.receivers = {name: FakeNotifier() for name in names}
        for name, receiver in self.receivers.items():
            receiver.name = name
        for camera in cameras:
            self.streams.put_camera(camera, by="test", at=START)
        self.routing = routing
        self.start()

    def start(self) -> None:
        self.dispatcher = Dispatcher(
            self.alerts,
            self.streams,
            list(self.receivers.values()),
            self.clock,
            grouping=GroupingPolicy(wait_s=0, least=1000, share=2.0),
            routing=self.routing,
        )

    def happens(self, camera: Camera, fault: Fault, severity: str, kind: NotificationKind) -> OutboxEntry:
        now = self.clock.now()
        state = IncidentState.RESOLVED if kind is NotificationKind.RESOLVED else IncidentState.OPEN
        incident = Incident(
            f"i-{camera.name}-{fault}", camera.name, fault, state, now, now,
            site=camera.site, group=camera.group, severity=severity,
        )  # fmt: skip
        entry = OutboxEntry(f"{incident.incident_id}:{kind}", kind, incident, now)
        self.scores.add(BatchResult(incidents=(incident,), outbox=(entry,)))
        return entry

    def run(self, seconds: float = 0.0, every_s: float = 5.0) -> None:
        self.dispatcher.run_once()
        for _ in range(round(seconds / every_s)):
            self.clock.advance(every_s)
            self.dispatcher.run_once()

    def got(self, key: str) -> set[str]:
        return {name for name, receiver in self.receivers.items() if any(sent.key == key for sent in receiver.sent)}


@pytest.mark.parametrize("seed", range(40))
def test_what_was_sent_is_what_the_explanation_says(seed: int) -> None:
    chance = random.Random(seed)
    sites, groups = ["depot", "harbour", ""], ["s1", "s2", ""]
    cameras = [
        Camera(f"cam-{number}", f"rtsp://cam-{number}.test/1", site=chance.choice(sites), group=chance.choice(groups))
        for number in range(6)
    ]
    names = [f"r{number}" for number in range(4)]
    texts = ["mon-fri 07:00-19:00", "22:00-06:00", "sun 00:00-24:00", "08:30-09:00"]

    def some(values: list[str]) -> frozenset[str]:
        return (
            frozenset(chance.sample(values, chance.randint(1, len(values)))) if chance.random() < 0.4 else frozenset()
        )

    routes = tuple(
        Route(
            f"route {number}",
            tuple(chance.sample(names, chance.randint(0, 2))),
            sites=some(sites),
            groups=some(groups),
            cameras=some([camera.name for camera in cameras]),
            severities=some(["info", "warning", "critical"]),
            faults=frozenset({Fault.BLUR, Fault.COVERED}) if chance.random() < 0.3 else frozenset(),
            hours=tuple(map(parse_hours, chance.sample(texts, 1))) if chance.random() < 0.5 else (),
        )
        for number in range(chance.randint(0, 5))
    )
    routing = Routing(
        everyone=tuple(names), routes=routes, default=(chance.choice(names),), always=(names[0],),
        zone_of=lambda site: BERLIN if site == "depot" else ZoneInfo("America/New_York"),
    )  # fmt: skip
    desk = RoutedHarness(routing, cameras, names)
    for camera in cameras:
        desk.clock.advance(chance.randrange(1, 36 * 3600))
        fault = chance.choice([Fault.BLUR, Fault.COVERED, Fault.SIGNAL_LOSS])
        severity = chance.choice(["info", "warning", "critical"])
        said = set(routing.explain(facts(camera, fault, severity), desk.clock.now()).receivers)
        first = desk.happens(camera, fault, severity, NotificationKind.FIRING)
        desk.run(10)
        assert desk.got(first.key) == said
        desk.clock.advance(chance.randrange(1, 36 * 3600))
        if chance.random() < 0.5:
            desk.start()
        last = desk.happens(camera, fault, severity, NotificationKind.RESOLVED)
        desk.run(10)
        assert desk.got(last.key) >= said, "who heard of it hears of its end, at any hour"
    assert desk.alerts.due(desk.clock.now() + timedelta(days=1)) == []


def test_a_message_that_was_sent_to_one_receiver_is_not_repeated_to_it_after_a_restart() -> None:
    desk = RoutedHarness(Routing(everyone=("a", "b")), [GATE], ["a", "b"])
    desk.receivers["b"].away = True
    desk.happens(GATE, Fault.BLUR, "warning", NotificationKind.FIRING)
    desk.run(60)
    desk.start()
    desk.run(60)
    desk.receivers["b"].away = False
    desk.start()
    desk.run(600)
    assert [len(desk.receivers[name].sent) for name in ("a", "b")] == [1, 1]


def test_a_receiver_taken_out_of_the_settings_holds_up_nobody() -> None:
    desk = RoutedHarness(Routing(everyone=("a", "b")), [GATE], ["a", "b"])
    desk.receivers["b"].away = True
    desk.happens(GATE, Fault.BLUR, "warning", NotificationKind.FIRING)
    desk.run(30)
    del desk.receivers["b"]
    desk.start()
    desk.run(700)
    assert desk.alerts.due(desk.clock.now() + timedelta(days=1)) == []


def test_nobody_takes_it_on_so_the_next_get_one_message_and_one_of_the_end() -> None:
    route = Route("guards", ("guard",), escalate_after_s=900, escalate_to=("boss",))
    desk = RoutedHarness(Routing(routes=(route,), default=("guard",)), [GATE], ["guard", "boss"])
    desk.happens(GATE, Fault.COVERED, "critical", NotificationKind.FIRING)
    desk.run(880)
    assert desk.receivers["boss"].sent == []
    desk.run(120)
    desk.start()
    desk.run(600)
    assert [sent.kind for sent in desk.receivers["boss"].sent] == [NotificationKind.ESCALATION]
    assert "nobody took it on within 15 min" in desk.receivers["boss"].sent[0].incident.summary
    desk.happens(GATE, Fault.COVERED, "critical", NotificationKind.RESOLVED)
    desk.run(30)
    assert desk.receivers["boss"].sent[-1].kind is NotificationKind.RESOLVED


@pytest.mark.parametrize("back_s", [400, 3600, 86_400])
@pytest.mark.parametrize("restart", [False, True])
def test_a_clock_that_is_set_back_holds_up_no_escalation(back_s: float, restart: bool) -> None:
    route = Route("guards", ("guard",), escalate_after_s=900, escalate_to=("boss",))
    desk = RoutedHarness(Routing(routes=(route,), default=("guard",)), [GATE], ["guard", "boss"])
    desk.happens(GATE, Fault.COVERED, "critical", NotificationKind.FIRING)
    desk.run(60)
    desk.clock.advance(-back_s)
    if restart:
        desk.start()
    desk.run(900)
    assert [sent.kind for sent in desk.receivers["boss"].sent] == [NotificationKind.ESCALATION]


def test_what_somebody_took_on_does_not_escalate() -> None:
    route = Route("guards", ("guard",), escalate_after_s=900, escalate_to=("boss",))
    desk = RoutedHarness(Routing(routes=(route,), default=("guard",)), [GATE], ["guard", "boss"])
    entry = desk.happens(GATE, Fault.COVERED, "critical", NotificationKind.FIRING)
    desk.run(60)
    desk.alerts.acknowledge(entry.incident.incident_id, by="ann", reason="", at=desk.clock.now())
    desk.run(1200, every_s=20)
    assert desk.receivers["boss"].sent == []


def test_reminders_come_after_an_hour_and_a_day_and_never_again() -> None:
    desk = RoutedHarness(Routing(everyone=("guard",)), [GATE], ["guard"])
    desk.happens(GATE, Fault.COVERED, "critical", NotificationKind.FIRING)
    desk.run(3 * 86_400, every_s=300)
    sent = desk.receivers["guard"].sent
    assert [each.kind for each in sent] == [NotificationKind.FIRING, *[NotificationKind.REMINDER] * 2]
    hours = [round((each.created_at - START) / timedelta(hours=1), 1) for each in sent[1:]]
    assert hours == [pytest.approx(1, abs=0.1), pytest.approx(24, abs=0.1)]


def test_of_a_group_the_members_are_not_reminded_of_one_by_one() -> None:
    cameras = [replace(GATE, name=f"cam-{number}", url=f"rtsp://cam-{number}.test/1") for number in range(4)]
    desk = RoutedHarness(Routing(everyone=("guard",)), cameras, ["guard"])
    desk.dispatcher = Dispatcher(desk.alerts, desk.streams, list(desk.receivers.values()), desk.clock)
    for camera in cameras:
        desk.happens(camera, Fault.SIGNAL_LOSS, "critical", NotificationKind.FIRING)
    desk.run(4000, every_s=20)
    kinds = [each.kind for each in desk.receivers["guard"].sent]
    assert kinds == [NotificationKind.FIRING, NotificationKind.REMINDER]
    assert len(desk.receivers["guard"].sent[1].incident.members) == 4
