"""What holds of routing and of recurring windows whatever the settings, the incidents and the order of events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.alerts import Incident, IncidentState, NotificationKind, OutboxEntry
from domain.cameras import Camera
from domain.faults import Fault
from domain.messages import BatchResult
from domain.quiet_times import MaintenanceSchedule, Snooze
from domain.shadow import ShadowScope
from domain.verdict_time import MaintenanceWindow
from notification.dispatcher import Dispatcher
from notification.grouping import SEVERITIES, GroupingPolicy
from notification.quiet import QuietTimes
from notification.recurrence import expand_schedule
from notification.routing import Hours, Route, Routing, facts_of
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
from tests.fakes.quiet_times import FakeQuietTimeStore

RELAXED = settings(deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
SITES, GROUPS, TAGS, NAMES = ("depot", "harbour", ""), ("s1", ""), ("vip", "door"), ("a", "b", "c")
ZONES = {"depot": ZoneInfo("Australia/Adelaide"), "harbour": ZoneInfo("America/St_Johns"), "": ZoneInfo("UTC")}
FAULTS = (Fault.BLUR, Fault.COVERED, Fault.SIGNAL_LOSS)
CAMERAS = [
    Camera(f"{site or 'x'}-{group or 'y'}-{n}", "rtsp://a.test/1", site=site, group=group, tags=TAGS[:n])
    for site in SITES
    for group in GROUPS
    for n in range(3)
]
subsets = st.frozensets


@st.composite
def any_route(draw: st.DrawFn, number: int) -> Route:
    begin = st.times().map(lambda t: t.replace(second=0, microsecond=0))
    hours = st.builds(Hours, subsets(st.integers(0, 6), min_size=1), begin, begin)
    return Route(
        f"route {number}",
        tuple(draw(st.lists(st.sampled_from(NAMES), max_size=2, unique=True))),
        sites=draw(subsets(st.sampled_from(SITES), max_size=1)),
        groups=draw(subsets(st.sampled_from(GROUPS), max_size=1)),
        tags=draw(subsets(st.sampled_from(TAGS), max_size=1)),
        severities=draw(subsets(st.sampled_from(SEVERITIES), max_size=2)),
        faults=draw(subsets(st.sampled_from(FAULTS), max_size=2)),
        hours=tuple(draw(st.lists(hours, max_size=1))),
    )


routings = (
    st.integers(0, 3)
    .flatmap(lambda count: st.tuples(*(any_route(number) for number in range(count))))
    .map(lambda routes: Routing(NAMES, tuple(routes), ("boss",), ("log",), lambda site: ZONES[site]))
)


@dataclass(frozen=True)
class Step:
    """Minutes that pass, and what happens then: an incident begins, a quiet time begins, or Sightline is restarted."""

    minutes: int
    what: str
    camera: Camera
    fault: Fault
    severity: str
    lasts: int


steps = st.lists(
    st.builds(
        Step,
        st.integers(0, 200),
        st.sampled_from(("incident", "incident", "window", "site window", "snooze", "restart", "shadow")),
        st.sampled_from(CAMERAS),
        st.sampled_from(FAULTS),
        st.sampled_from(SEVERITIES),
        st.integers(1, 300),
    ),
    min_size=1,
    max_size=12,
)


class NotificationRun:
    """A dispatcher with everything that decides about a message, on a clock of its own."""

    def __init__(self, routing: Routing, shadow: frozenset[str]) -> None:
        self.clock = FakeClock()
        self.streams = FakeStreamStore()
        self.scores = FakeScoreStore(self.streams)
        self.alerts = FakeAlertStore(self.scores, self.streams)
        self.quiet, self.log = FakeQuietTimeStore(), FakeShadowLog()
        self.routing, self.shadow = routing, shadow
        self.waiting: list[OutboxEntry] = []
        self.count = 0
        self.receivers = {name: FakeNotifier() for name in (*NAMES, "boss", "log")}
        for name, receiver in self.receivers.items():
            receiver.name = name
        for camera in CAMERAS:
            self.streams.put_camera(camera, by="test", at=START)
        self.start()

    def start(self) -> None:
        scope = ShadowScope(sites=self.shadow)
        self.dispatcher = Dispatcher(
            self.alerts,
            self.streams,
            behind_shadow(list(self.receivers.values()), self.log, self.streams, scope, self.clock),
            self.clock,
            grouping=GroupingPolicy(wait_s=0, least=1000, share=2.0),
            routing=self.routing,
            quiet=self.quiet,
            patience_s=60.0,
        )

    def do(self, step: Step) -> None:
        now, until = self.clock.now(), self.clock.now() + timedelta(minutes=step.lasts)
        self.count += 1
        key = f"n{self.count}"
        if step.what == "incident":
            incident = Incident(
                key, step.camera.name, step.fault, IncidentState.OPEN, now, now,
                site=step.camera.site, group=step.camera.group, severity=step.severity,
            )  # fmt: skip
            entry = OutboxEntry(f"{key}:firing", NotificationKind.FIRING, incident, now)
            self.scores.add(BatchResult(incidents=(incident,), outbox=(entry,)))
            self.waiting.append(entry)
        elif step.what == "snooze":
            snooze = Snooze(key, until, camera=step.camera.name, fault=step.fault, created_at=now)
            self.quiet.put_snooze(snooze, at=now)
        elif step.what in ("window", "site window"):
            scope = {"camera": step.camera.name} if step.what == "window" else {"site": step.camera.site or "depot"}
            self.quiet.extend_schedule([MaintenanceWindow(key, now, until, **scope)])
        else:
            if step.what == "shadow":
                self.shadow = frozenset() if self.shadow else frozenset({step.camera.site or "depot"})
            self.dispatcher.close()
            self.start()

    def check_round(self) -> None:
        """Run once; each first message goes to exactly whom the explanation names, or waits as it says."""
        now = self.clock.now()
        quiet = QuietTimes(tuple(self.quiet.by_id.values()), tuple(self.quiet.snoozes(START)))
        cameras = {camera.name: camera for camera in CAMERAS}
        expected = {
            entry.key: set()
            if quiet.reason(entry.incident, cameras, now)
            else set(self.routing.explain(facts_of(entry.incident, CAMERAS), now).receivers)
            for entry in self.waiting
        }
        self.dispatcher.run_once()
        for entry in list(self.waiting):
            got = self.got(entry.key)
            assert got == expected[entry.key], (entry, now)
            if got:
                self.waiting.remove(entry)

    def got(self, key: str) -> set[str]:
        sent = {name for name, each in self.receivers.items() if any(message.key == key for message in each.sent)}
        kept = {receiver for found, receiver in self.log.kept if found == key}
        assert not sent & kept
        return sent | kept


@given(routings, st.frozensets(st.sampled_from(("depot", "harbour")), max_size=1), steps)
@settings(RELAXED, max_examples=80)
def test_a_first_message_goes_to_exactly_whom_the_explanation_names_or_waits(
    routing: Routing, shadow: frozenset[str], todo: Sequence[Step]
) -> None:
    desk = NotificationRun(routing, shadow)
    try:
        for step in todo:
            desk.clock.advance(60.0 * step.minutes)
            desk.check_round()
            desk.do(step)
            desk.check_round()
        for _ in range(12):
            desk.clock.advance(30 * 60.0)
            desk.check_round()
        assert desk.waiting == [], "after all quiet times nothing waits"
        counts = [len({m.key for m in each.sent}) - len(each.sent) for each in desk.receivers.values()]
        assert counts == [0] * len(counts), "nothing came twice"
    finally:
        desk.dispatcher.close()


ALL_ZONES = (
    "Europe/Berlin", "America/New_York", "America/St_Johns", "Australia/Adelaide", "Australia/Lord_Howe",
    "Asia/Kolkata", "Pacific/Chatham", "America/Santiago", "Africa/Casablanca", "Pacific/Auckland", "UTC",
)  # fmt: skip


@given(
    st.sampled_from(ALL_ZONES),
    st.dates(date(2024, 1, 1), date(2027, 12, 31)),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    st.integers(1, 1440),
)
@settings(RELAXED, max_examples=150)
def test_a_daily_window_opens_when_the_local_clock_shows_its_hour_and_no_restart_changes_it(
    zone: str, day: date, hour: time, minutes: int
) -> None:
    local_zone = ZoneInfo(zone)
    daily = MaintenanceSchedule("s", datetime.combine(date(2023, 12, 1), hour), minutes, "FREQ=DAILY", zone)
    middle = datetime.combine(day, time(12), tzinfo=UTC)
    windows = expand_schedule(daily, middle - timedelta(days=3), middle + timedelta(days=3))
    assert 5 <= len(windows) <= 9
    for window in windows:
        begins = window.since.astimezone(local_zone)
        named = datetime.strptime(window.window_id.partition("-")[2], "%Y%m%dT%H%M")
        exists = named.replace(tzinfo=local_zone).astimezone(UTC).astimezone(local_zone).replace(tzinfo=None) == named
        if exists:
            assert begins.replace(tzinfo=None) == named
            assert begins.fold == 0
        else:  # the clocks leave this time out: the window opens as much later as they jump
            assert timedelta(0) < begins.replace(tzinfo=None) - named <= timedelta(hours=1)
        assert timedelta(0) < window.until - window.since <= timedelta(minutes=minutes + 60)
    again = expand_schedule(daily, middle, middle + timedelta(days=3))
    by_id = {window.window_id: window for window in windows}
    assert all(by_id[window.window_id] == window for window in again)
