from collections.abc import Callable, Sequence
from datetime import timedelta
from threading import Event

import pytest

from domain.alerts import Incident, IncidentState, NotificationKind, OutboxEntry
from domain.backoff import backoff_s
from domain.cameras import Camera
from domain.faults import Fault
from domain.messages import BatchResult
from notification.dispatcher import FIRST_RETRY_S, LAST_RETRY_S, Dispatcher
from notification.grouping import GroupingPolicy, unrecovered_members
from tests.fakes.ports import START, FakeAlertStore, FakeClock, FakeNotifier, FakeScoreStore, FakeStreamStore

FIRING, UPDATE, RESOLVED = NotificationKind.FIRING, NotificationKind.UPDATE, NotificationKind.RESOLVED


class DispatcherHarness:
    """An outbox, a dispatcher and one receiver, on a clock of its own."""

    def __init__(self, cameras: Sequence[Camera]) -> None:
        self.clock = FakeClock()
        self.streams = FakeStreamStore()
        self.scores = FakeScoreStore(self.streams)
        self.alerts = FakeAlertStore(self.scores, self.streams)
        self.notifier = FakeNotifier()
        for camera in cameras:
            self.streams.put_camera(camera, by="test", at=START)
        self.dispatcher = Dispatcher(self.alerts, self.streams, [self.notifier], self.clock, grouping=GroupingPolicy())

    def happens(self, name: str, kind: NotificationKind = FIRING, fault: Fault = Fault.SIGNAL_LOSS) -> None:
        camera = self.streams.camera(name)
        assert camera is not None
        now = self.clock.now()
        state = IncidentState.RESOLVED if kind is RESOLVED else IncidentState.OPEN
        incident = Incident(f"i-{name}", name, fault, state, now, now, site=camera.site, group=camera.group)
        entry = OutboxEntry(f"i-{name}:{kind}", kind, incident, now)
        self.scores.add(BatchResult(incidents=(incident,), outbox=(entry,)))

    def run(self, seconds: float = 0.0, every_s: float = 5.0) -> None:
        self.dispatcher.run_once()
        for _ in range(round(seconds / every_s)):
            self.clock.advance(every_s)
            self.dispatcher.run_once()

    def notified(self) -> list[tuple[NotificationKind, str]]:
        return [
            (entry.kind, entry.incident.stream_id or ",".join(entry.incident.members)) for entry in self.notifier.sent
        ]


def cameras(count: int, *, site: str = "depot", group: str = "switch", first: int = 0) -> list[Camera]:
    names = [f"cam-{number:02}" for number in range(first, first + count)]
    return [Camera(name, f"rtsp://{name}.test/1", site=site, group=group) for name in names]


def test_a_camera_alone_at_its_site_is_announced_at_once() -> None:
    desk = DispatcherHarness(cameras(1))
    desk.happens("cam-00")
    desk.run()
    assert desk.notified() == [(FIRING, "cam-00")]


def test_a_camera_among_others_waits_a_minute_for_company_and_is_announced_alone_if_none_comes() -> None:
    desk = DispatcherHarness(cameras(10))
    desk.happens("cam-00")
    desk.run(55)
    assert desk.notified() == []
    desk.run(10)
    assert desk.notified() == [(FIRING, "cam-00")]


def test_three_cameras_of_a_switch_within_a_minute_are_one_message() -> None:
    desk = DispatcherHarness([*cameras(10), *cameras(10, group="other", first=10)])
    for name in ("cam-00", "cam-01", "cam-02"):
        desk.happens(name)
        desk.run(20)
    desk.run(60)
    assert desk.notified() == [(FIRING, "cam-00,cam-01,cam-02")]
    group = desk.notifier.sent[0].incident
    assert (group.site, group.group) == ("depot", "switch")
    assert "3 cameras at once" in group.summary


def test_a_third_of_a_small_group_is_enough_but_never_one_camera() -> None:
    desk = DispatcherHarness([*cameras(4), *cameras(10, group="other", first=10)])
    desk.happens("cam-00")
    desk.happens("cam-01")
    desk.run(65)
    assert desk.notified() == [(FIRING, "cam-00,cam-01")]


def test_cameras_of_two_switches_at_one_site_are_one_message_of_the_site() -> None:
    desk = DispatcherHarness([*cameras(10), *cameras(10, group="other", first=10)])
    for name in ("cam-00", "cam-01", "cam-10"):
        desk.happens(name)
    desk.run(65)
    assert desk.notified() == [(FIRING, "cam-00,cam-01,cam-10")]
    assert (desk.notifier.sent[0].incident.site, desk.notifier.sent[0].incident.group) == ("depot", "")


def test_a_whole_switch_and_one_other_camera_are_two_messages() -> None:
    desk = DispatcherHarness([*cameras(5), *cameras(10, group="other", first=10)])
    for name in ("cam-00", "cam-01", "cam-02", "cam-03", "cam-04", "cam-10"):
        desk.happens(name)
    desk.run(65)
    assert sorted(desk.notified()) == [(FIRING, "cam-00,cam-01,cam-02,cam-03,cam-04"), (FIRING, "cam-10")]


def test_all_cameras_at_once_point_at_our_own_network_first() -> None:
    desk = DispatcherHarness([*cameras(3), *cameras(3, site="harbour", first=10)])
    for camera in desk.streams.cameras():
        desk.happens(camera.name)
    desk.run(65)
    (entry,) = desk.notifier.sent
    assert len(entry.incident.members) == 6
    assert "Suspect our own network first" in entry.incident.summary


def test_different_faults_at_one_time_are_not_one_event() -> None:
    desk = DispatcherHarness(cameras(10))
    for number, fault in enumerate((Fault.BLUR, Fault.COVERED, Fault.NOISE)):
        desk.happens(f"cam-0{number}", fault=fault)
    desk.run(65)
    assert len(desk.notified()) == 3


def test_faults_minutes_apart_are_not_one_event() -> None:
    desk = DispatcherHarness(cameras(10))
    for number in range(3):
        desk.happens(f"cam-0{number}")
        desk.run(120)
    assert len(desk.notified()) == 3


def test_a_group_is_updated_when_recoveries_pause_naming_those_still_out_and_resolved_when_all_are_back() -> None:
    desk = DispatcherHarness(cameras(10))
    for number in range(4):
        desk.happens(f"cam-0{number}")
    desk.run(65)
    for number in range(3):
        desk.happens(f"cam-0{number}", RESOLVED)
        desk.run(30)
    assert len(desk.notified()) == 1
    desk.run(60)
    assert [kind for kind, _ in desk.notified()] == [FIRING, UPDATE]
    assert unrecovered_members(desk.notifier.sent[-1].incident) == ("cam-03",)
    assert desk.notifier.sent[-1].incident.summary.endswith("still out: cam-03")
    desk.run(600)
    assert len(desk.notified()) == 2
    desk.happens("cam-03", RESOLVED)
    desk.run(5)
    assert [kind for kind, _ in desk.notified()] == [FIRING, UPDATE, RESOLVED]
    assert len({entry.incident.incident_id for entry in desk.notifier.sent}) == 1


def test_a_member_that_is_retired_keeps_no_group_open() -> None:
    desk = DispatcherHarness(cameras(10))
    for number in range(3):
        desk.happens(f"cam-0{number}")
    desk.run(65)
    desk.happens("cam-00", RESOLVED)
    desk.happens("cam-01", RESOLVED)
    desk.streams.remove_camera("cam-02", by="test", at=desk.clock.now())
    desk.run(10)
    assert [kind for kind, _ in desk.notified()] == [FIRING, RESOLVED]


def test_a_receiver_that_is_away_gets_everything_later_in_order() -> None:
    desk = DispatcherHarness(cameras(1))
    desk.notifier.away = True
    desk.happens("cam-00")
    desk.run(30)
    desk.happens("cam-00", RESOLVED)
    desk.run(60)
    assert desk.notified() == []
    desk.notifier.away = False
    desk.run(1200)
    assert desk.notified() == [(FIRING, "cam-00"), (RESOLVED, "cam-00")]


def test_retries_back_off_from_five_seconds_to_ten_minutes() -> None:
    waits = [backoff_s(failures, first_s=FIRST_RETRY_S, longest_s=LAST_RETRY_S) for failures in range(1, 41)]
    assert waits[:4] == [5, 10, 20, 40]
    assert waits[-1] == 600


class StuckNotifier:
    """Takes a message and does not come back until released."""

    name = "stuck"

    def __init__(self) -> None:
        self.released = Event()
        self.sent: list[OutboxEntry] = []

    def send(self, entry: OutboxEntry) -> None:
        self.released.wait(30)
        self.sent.append(entry)


def test_a_slow_receiver_stalls_nobody_else_and_gets_no_message_twice() -> None:
    desk = DispatcherHarness(cameras(3, site=""))
    stuck = StuckNotifier()
    desk.dispatcher = Dispatcher(
        desk.alerts,
        desk.streams,
        [stuck, desk.notifier],
        desk.clock,
        grouping=GroupingPolicy(wait_s=0),
        patience_s=0.05,
    )
    desk.happens("cam-00", fault=Fault.BLUR)
    desk.run(10)
    desk.happens("cam-01", fault=Fault.NOISE)
    desk.run(10)
    assert [name for _, name in desk.notified()] == ["cam-00", "cam-01"]
    assert len(desk.alerts.due(desk.clock.now())) == 2, "not delivered before every receiver has it"
    stuck.released.set()
    for _ in range(100):
        if desk.dispatcher.run_once() and not desk.alerts.due(desk.clock.now()):
            break
    desk.dispatcher.close()
    assert [entry.incident.stream_id for entry in stuck.sent] == ["cam-00", "cam-01"]
    assert len(desk.notified()) == 2


class DispatcherKilled(BaseException):
    """The process ended here."""


def dying_after(steps: int, target: FakeAlertStore) -> Callable[[], None]:
    """Make every write of `target` count, and end the process before the one after `steps`; return how to undo it."""
    left = [steps]
    originals = {name: getattr(target, name) for name in ("put_group", "mark_delivered", "postpone")}

    def counted(name: str) -> Callable[..., None]:
        def write(*args: object, **kwargs: object) -> None:
            if left[0] == 0:
                raise DispatcherKilled
            left[0] -= 1
            originals[name](*args, **kwargs)

        return write

    for name in originals:
        setattr(target, name, counted(name))

    def undo() -> None:
        for name in originals:
            delattr(target, name)

    return undo


@pytest.mark.parametrize("steps", range(8))
def test_a_kill_between_any_two_steps_neither_loses_a_message_nor_renames_it(steps: int) -> None:
    desk = DispatcherHarness(cameras(10))
    undo = dying_after(steps, desk.alerts)
    killed = False

    def happen(names: Sequence[str], kind: NotificationKind = FIRING) -> None:
        for name in names:
            desk.happens(name, kind)

    script: list[Callable[[], None]] = [
        lambda: happen(["cam-00", "cam-01", "cam-02", "cam-03"]),
        lambda: desk.run(65),
        lambda: happen(["cam-00"], RESOLVED),
        lambda: desk.run(90),
        lambda: happen(["cam-01", "cam-02", "cam-03"], RESOLVED),
        lambda: desk.run(20),
    ]
    for act in script:
        try:
            act()
        except DispatcherKilled:
            killed = True
            undo()
            desk.dispatcher = Dispatcher(
                desk.alerts, desk.streams, [desk.notifier], desk.clock, grouping=GroupingPolicy()
            )
            desk.run(90)
    desk.run(200)

    assert killed or steps > 5
    keys = list(dict.fromkeys(entry.key for entry in desk.notifier.sent))
    assert len({entry.incident.incident_id for entry in desk.notifier.sent}) == 1
    assert [key.split(":")[1] for key in keys] == ["firing", "update", "resolved"]
    assert desk.alerts.due(desk.clock.now() + timedelta(days=1)) == []


def test_what_ended_while_the_clock_was_set_back_is_announced_after_what_began() -> None:
    desk = DispatcherHarness(cameras(1))
    desk.notifier.away = True
    desk.happens("cam-00")
    desk.run()
    desk.clock.advance(-300)
    desk.happens("cam-00", RESOLVED)
    desk.run()
    desk.notifier.away = False
    desk.run(900)

    assert desk.notified() == [(FIRING, "cam-00"), (RESOLVED, "cam-00")]


@pytest.mark.parametrize("back_s", [400, 1500, 3600, 7200])
def test_a_clock_that_is_set_back_holds_up_no_retry_by_more_than_the_longest_pause(back_s: float) -> None:
    desk = DispatcherHarness(cameras(1))
    desk.notifier.away = True
    desk.happens("cam-00")
    desk.run(100)
    desk.notifier.away = False
    desk.clock.advance(-back_s)
    desk.run(LAST_RETRY_S)
    assert desk.notified() == [(FIRING, "cam-00")]


@pytest.mark.parametrize("back_s", [400, 3600])
def test_a_clock_that_is_set_back_holds_up_no_update_of_a_group(back_s: float) -> None:
    desk = DispatcherHarness(cameras(10))
    for name in ("cam-00", "cam-01", "cam-02"):
        desk.happens(name)
    desk.run(65)
    desk.happens("cam-00", RESOLVED)
    desk.run(10)
    desk.clock.advance(-back_s)
    desk.run(120)
    assert [kind for kind, _ in desk.notified()] == [FIRING, UPDATE]
