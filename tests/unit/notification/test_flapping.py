"""A connection that comes and goes: one warning with the share delivered, its end, and a loss for good."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.cameras import ConnectionState, SamplingMode, SamplingPlan, StreamCounters, StreamStatus
from domain.verdict_time import MaintenanceWindow
from notification.dispatcher import Dispatcher
from notification.flapping import FlapWatch
from notification.follow_ups import FollowUpPolicy
from tests.fakes.ports import START
from tests.fakes.quiet_times import FakeQuietTimeStore
from tests.unit.notification.test_dispatcher import FIRING, RESOLVED, DispatcherHarness, cameras


class FlappingHarness(DispatcherHarness):
    """A camera whose connection is up or down by hand."""

    def __init__(self) -> None:
        super().__init__(cameras(10))
        self.reconnects = 0
        self.up = True
        self.restart()

    def restart(self) -> None:
        self.dispatcher = Dispatcher(
            self.alerts, self.streams, [self.notifier], self.clock,
            flaps=FlapWatch(self.statuses), follow_ups=FollowUpPolicy(reminders=()),
        )  # fmt: skip

    def statuses(self) -> dict[str, StreamStatus]:
        state = ConnectionState.LIVE if self.up else ConnectionState.LOST
        counters = StreamCounters(reconnects=self.reconnects)
        return {"cam-00": StreamStatus("cam-00", "s", 1, self.clock.now(), state, counters=counters)}

    def flap(self, times: int, *, down_s: float = 45, up_s: float = 45, restart_at: int | None = None) -> None:
        for number in range(times):
            self.up = False
            self.run(down_s)
            self.up, self.reconnects = True, self.reconnects + 1
            if number == restart_at:
                self.restart()
            self.run(up_s)


def test_a_camera_that_stays_away_is_not_said_to_come_and_go_however_often_it_is_tried() -> None:
    desk = FlappingHarness()
    desk.run(60)
    desk.up = False
    for _ in range(60):
        desk.reconnects += 1
        desk.run(20)
    desk.up = True
    desk.run(60)
    assert desk.notified() == []


def test_a_camera_that_never_gave_a_picture_is_not_said_to_come_and_go() -> None:
    desk = FlappingHarness()
    desk.up = False
    for _ in range(30):
        desk.reconnects += 1
        desk.run(20)
    assert desk.notified() == []


@pytest.mark.parametrize("changed", [{"url": "file:///clips/gate.mp4"}, {"plan": SamplingPlan(SamplingMode.PATROL)}])
def test_sessions_that_end_because_they_should_are_no_reconnections(changed: dict[str, Any]) -> None:
    desk = FlappingHarness()
    desk.streams.put_camera(replace(cameras(1)[0], **changed), by="test", at=START)
    desk.run(60)
    desk.flap(40)
    assert desk.notified() == []


@pytest.mark.parametrize("restart_at", [None, 20])
def test_forty_reconnections_an_hour_are_one_message_that_names_the_share(restart_at: int | None) -> None:
    desk = FlappingHarness()
    desk.run(60)
    desk.flap(40, restart_at=restart_at)
    assert desk.notified() == [(FIRING, "cam-00")]
    said = desk.notifier.sent[0].incident.summary
    assert "6 times within an hour" in said
    share = int(said.rpartition("in ")[2].partition("%")[0])
    assert 45 <= share <= 65


def test_its_end_is_announced_once() -> None:
    desk = FlappingHarness()
    desk.flap(40)
    desk.run(2 * 3600)
    assert desk.notified() == [(FIRING, "cam-00"), (RESOLVED, "cam-00")]
    assert desk.notifier.sent[1].incident.summary == "cam-00: the connection is steady again"


def test_losses_during_the_warning_are_not_announced_one_by_one() -> None:
    desk = FlappingHarness()
    desk.flap(10)
    for _ in range(5):
        desk.up = False
        desk.happens("cam-00")
        desk.run(90)
        desk.up, desk.reconnects = True, desk.reconnects + 1
        desk.happens("cam-00", RESOLVED)
        desk.run(200)
    assert desk.notified() == [(FIRING, "cam-00")]


def test_a_camera_that_is_lost_for_good_while_it_flaps_is_announced() -> None:
    desk = FlappingHarness()
    desk.flap(10)
    desk.up = False
    desk.run(65)
    desk.happens("cam-00")
    desk.run(900)
    assert [kind for kind, _ in desk.notified()] == [FIRING, FIRING, RESOLVED]
    assert not desk.notifier.sent[1].incident.flapping
    assert desk.notifier.sent[2].incident.summary == "cam-00: the connection is lost"


def test_five_reconnections_in_an_hour_are_no_news_however_long_it_goes_on() -> None:
    desk = FlappingHarness()
    desk.flap(20, down_s=20, up_s=740)
    assert desk.notified() == []


def test_a_retired_camera_leaves_no_warning_open() -> None:
    desk = FlappingHarness()
    desk.flap(10)
    desk.streams.remove_camera("cam-00", by="test", at=desk.clock.now())
    desk.run(60)
    assert [each for each in desk.alerts.incidents() if each.resolved_at is None] == []
    assert desk.alerts.due(desk.clock.now() + timedelta(days=1)) == []


@pytest.mark.parametrize("minutes", [60, 12])
def test_a_connection_that_flaps_in_maintenance_is_announced_only_if_it_still_does_at_the_end(minutes: int) -> None:
    desk = FlappingHarness()
    quiet = FakeQuietTimeStore()
    desk.dispatcher = Dispatcher(
        desk.alerts, desk.streams, [desk.notifier], desk.clock, flaps=FlapWatch(desk.statuses), quiet=quiet
    )
    desk.run(60)
    until = desk.clock.now() + timedelta(minutes=minutes)
    quiet.extend_schedule([MaintenanceWindow("w", desk.clock.now(), until, "cam-00")])
    desk.flap(7)
    assert desk.notified() == []
    desk.flap(1)
    desk.run(30)
    assert desk.notified() == ([] if minutes == 60 else [(FIRING, "cam-00")])
    desk.run(4000)
    assert desk.notified() == ([] if minutes == 60 else [(FIRING, "cam-00"), (RESOLVED, "cam-00")])
