"""Maintenance and snooze: what waits, what is told at the end, and that a restart changes nothing."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from domain.alerts import NotificationKind
from domain.cameras import Camera
from domain.faults import Fault
from domain.quiet_times import Snooze
from domain.verdict_time import MaintenanceWindow
from notification.dispatcher import Dispatcher
from notification.grouping import GroupingPolicy
from notification.routing import Route, Routing
from tests.fakes.ports import START
from tests.fakes.quiet_times import FakeQuietTimeStore
from tests.unit.notification.test_dispatcher import FIRING, RESOLVED, UPDATE, DispatcherHarness, cameras

REMINDER = NotificationKind.REMINDER


class QuietHarness(DispatcherHarness):
    def __init__(self, found: Sequence[Camera]) -> None:
        super().__init__(found)
        self.quiet = FakeQuietTimeStore()
        self.restart()

    def restart(self) -> None:
        self.dispatcher = Dispatcher(
            self.alerts, self.streams, [self.notifier], self.clock, grouping=GroupingPolicy(), quiet=self.quiet
        )

    def window(self, minutes: float, *, camera: str = "", site: str = "", group: str = "") -> None:
        since = self.clock.now()
        until = since + timedelta(minutes=minutes)
        window = MaintenanceWindow(f"w{len(self.quiet.by_id)}", since, until, camera, site, group)
        self.quiet.extend_schedule([window])

    def snooze(self, minutes: float, camera: str) -> None:
        now = self.clock.now()
        snooze = Snooze("s", now + timedelta(minutes=minutes), camera=camera, created_at=now)
        self.quiet.put_snooze(snooze, at=now)


@pytest.mark.parametrize("restarts", [(), (600,), (60, 1200, 1795), (1801,)])
@pytest.mark.parametrize("scope", [{"camera": "cam-00"}, {"site": "depot"}, {"group": "switch"}, {}])
def test_a_fault_born_inside_and_still_there_at_the_end_is_announced_within_a_minute(
    restarts: Sequence[int], scope: dict[str, str]
) -> None:
    desk = QuietHarness(cameras(10))
    desk.window(30, **scope)
    desk.run(300)
    desk.happens("cam-00")
    told_after: datetime | None = None
    for second in range(300, 1900, 5):
        desk.clock.advance(5)
        if second in restarts or any(second <= each < second + 5 for each in restarts):
            desk.restart()
        desk.dispatcher.run_once()
        if desk.notified() and told_after is None:
            told_after = desk.clock.now()
    assert desk.notified() == [(FIRING, "cam-00")]
    assert told_after is not None
    assert timedelta(0) <= told_after - (START + timedelta(minutes=30)) <= timedelta(seconds=60)


@pytest.mark.parametrize("restart", [False, True])
def test_what_began_and_ended_inside_is_never_announced(restart: bool) -> None:
    desk = QuietHarness(cameras(10))
    desk.window(30, camera="cam-00")
    for _ in range(4):
        desk.happens("cam-00")
        desk.run(120)
        if restart:
            desk.restart()
        desk.happens("cam-00", RESOLVED)
        desk.run(120)
    desk.run(3600, every_s=30)
    assert desk.notified() == []
    assert desk.alerts.due(desk.clock.now() + timedelta(days=1)) == []


def test_what_began_and_ended_inside_is_never_announced_even_if_sightline_slept_through_the_end() -> None:
    desk = QuietHarness(cameras(10))
    desk.window(30, camera="cam-00")
    desk.run(60)
    desk.happens("cam-00")
    desk.clock.advance(300)
    desk.happens("cam-00", RESOLVED)
    desk.clock.advance(3600)
    desk.restart()
    desk.run(300)
    assert desk.notified() == []


def test_at_the_end_the_newest_state_is_announced_once() -> None:
    desk = QuietHarness(cameras(10))
    desk.window(30, camera="cam-00")
    desk.happens("cam-00", fault=Fault.BLUR)
    desk.run(60)
    desk.happens("cam-00", UPDATE, fault=Fault.COVERED)
    desk.run(2000)
    assert desk.notified() == [(FIRING, "cam-00")]
    assert desk.notifier.sent[0].incident.headline is Fault.COVERED


def test_the_end_of_what_was_announced_before_is_announced_inside_too() -> None:
    desk = QuietHarness(cameras(10))
    desk.happens("cam-00")
    desk.run(120)
    desk.window(30, camera="cam-00")
    desk.happens("cam-00", RESOLVED)
    desk.run(60)
    assert desk.notified() == [(FIRING, "cam-00"), (RESOLVED, "cam-00")]


def test_a_window_of_one_camera_keeps_no_other_quiet() -> None:
    desk = QuietHarness(cameras(10))
    desk.window(30, camera="cam-00")
    desk.happens("cam-00")
    desk.happens("cam-05")
    desk.run(120)
    assert desk.notified() == [(FIRING, "cam-05")]


def test_a_site_that_is_still_out_at_the_end_is_one_message() -> None:
    desk = QuietHarness(cameras(10))
    desk.window(30, site="depot")
    for number in range(6):
        desk.happens(f"cam-0{number}")
    desk.run(1900)
    assert desk.notified() == [(FIRING, ",".join(f"cam-0{number}" for number in range(6)))]


def test_more_cameras_in_maintenance_than_fit_one_look_hold_up_nobody_else() -> None:
    desk = QuietHarness([*cameras(1200), *cameras(1, site="harbour", first=5000)])
    desk.window(30, site="depot")
    for camera in desk.streams.cameras():
        if camera.site == "depot":
            desk.happens(camera.name)
    desk.run(10)
    desk.happens("cam-5000")
    desk.run(10)
    assert desk.notified() == [(FIRING, "cam-5000")]


def test_a_snooze_ends_and_what_is_still_there_is_announced() -> None:
    desk = QuietHarness(cameras(10))
    now = desk.clock.now()
    desk.quiet.put_snooze(Snooze("z", now + timedelta(minutes=20), camera="cam-00", created_at=now), at=now)
    desk.happens("cam-00", fault=Fault.BLUR)
    desk.run(1150)
    assert desk.notified() == []
    desk.run(120)
    assert desk.notified() == [(FIRING, "cam-00")]


def test_a_snooze_of_one_fault_keeps_no_other_quiet() -> None:
    desk = QuietHarness(cameras(10))
    now = desk.clock.now()
    snooze = Snooze("z", now + timedelta(hours=4), camera="cam-00", fault="blur", created_at=now)
    desk.quiet.put_snooze(snooze, at=now)
    desk.happens("cam-00", fault=Fault.COVERED)
    desk.run(120)
    assert desk.notified() == [(FIRING, "cam-00")]


def test_a_reminder_that_was_put_off_is_dropped_when_the_end_comes_first() -> None:
    desk = QuietHarness(cameras(10))
    desk.happens("cam-00")
    desk.run(120)
    desk.window(180, camera="cam-00")
    desk.run(2 * 3600, every_s=30)
    desk.happens("cam-00", RESOLVED)
    desk.run(2 * 3600, every_s=30)
    assert desk.notified() == [(FIRING, "cam-00"), (RESOLVED, "cam-00")]


def test_a_reminder_that_was_put_off_comes_at_the_end_of_the_window() -> None:
    desk = QuietHarness(cameras(10))
    desk.happens("cam-00")
    desk.run(120)
    desk.window(180, camera="cam-00")
    desk.run(3 * 3600 + 120, every_s=30)
    assert [kind for kind, _ in desk.notified()] == [FIRING, REMINDER]


def test_what_somebody_took_on_during_a_snooze_escalates_to_nobody_when_it_ends() -> None:
    desk = QuietHarness(cameras(1))
    route = Route("guards", ("fake",), escalate_after_s=900, escalate_to=("fake",))
    routing = Routing(routes=(route,), default=("fake",))
    desk.dispatcher = Dispatcher(
        desk.alerts, desk.streams, [desk.notifier], desk.clock, quiet=desk.quiet, routing=routing
    )
    desk.happens("cam-00")
    desk.run(60)
    desk.snooze(60, "cam-00")
    desk.run(1200)
    desk.alerts.acknowledge("i-cam-00", by="ann", reason="", at=desk.clock.now())
    desk.run(3600)
    assert desk.notified() == [(FIRING, "cam-00")]
    assert desk.alerts.due(desk.clock.now() + timedelta(days=1)) == []


def test_of_the_reminders_that_waited_the_newest_alone_is_sent() -> None:
    desk = QuietHarness(cameras(1))
    desk.happens("cam-00")
    desk.run(60)
    desk.snooze(30 * 60, "cam-00")
    desk.run(31 * 3600, every_s=60)
    assert [kind for kind, _ in desk.notified()] == [FIRING, REMINDER]
    assert "after 1 d" in desk.notifier.sent[1].incident.summary
    assert desk.alerts.due(desk.clock.now() + timedelta(days=1)) == []


@pytest.mark.parametrize("snooze_first", [False, True])
@pytest.mark.parametrize(("ends_at", "announced"), [(None, 60), (25, None), (50, None)])
def test_a_snooze_and_a_window_that_overlap_are_one_quiet_time(
    snooze_first: bool, ends_at: int | None, announced: int | None
) -> None:
    desk = QuietHarness(cameras(10))
    early, late = (desk.snooze, desk.window) if snooze_first else (desk.window, desk.snooze)
    early(30, camera="cam-00")
    desk.run(300)
    desk.happens("cam-00")
    desk.run(900)
    late(40, camera="cam-00")
    for minute in range(20, 70):
        if minute == ends_at:
            desk.happens("cam-00", RESOLVED)
        desk.run(60)
        assert desk.notified() == ([] if announced is None or minute + 1 < announced else [(FIRING, "cam-00")])
