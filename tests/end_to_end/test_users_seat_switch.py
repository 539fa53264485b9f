"""A switch reboots under half the cameras, and Sightline dies meanwhile: three messages, no more and no fewer."""

from datetime import datetime, timedelta

import pytest

from domain.alerts import IncidentState, NotificationKind
from domain.cameras import Camera, ConnectionState
from domain.faults import Fault
from notification.dispatcher import Dispatcher
from notification.grouping import GroupingPolicy
from tests.fakes.ports import START, FakeAlertStore, FakeClock, FakeNotifier, FakeScoreStore, FakeStreamStore
from tests.unit.evaluation.camera_timeline import CameraTimeline

SWITCHES = {f"cam-{number:02}": "switch-1" if number < 12 else "switch-2" for number in range(24)}
VICTIMS = [name for name, switch in SWITCHES.items() if switch == "switch-1"]
SLOWEST = VICTIMS[-2:]
CUT_S, APART_S = 90.0, 10.0


class SimulatedSite:
    """24 cameras, their stores, and a Sightline that can be killed."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.streams = FakeStreamStore()
        self.scores = FakeScoreStore(self.streams)
        self.notifier = FakeNotifier()
        self.stories = {}
        self.dead = set(SLOWEST)
        self.delivered_at: dict[str, datetime] = {}
        for name, switch in SWITCHES.items():
            camera = Camera(name, f"rtsp://{name}.test/1", site="depot", group=switch)
            self.streams.put_camera(camera, by="test", at=START)
            self.stories[name] = CameraTimeline(camera, store=self.scores)
        self.start()

    def start(self) -> None:
        """Start Sightline, from what is stored and from nothing else."""
        for story in self.stories.values():
            story.restart()
        self.alerts = FakeAlertStore(self.scores, self.streams)
        self.alerts.delivered_at = self.delivered_at
        self.dispatcher = Dispatcher(self.alerts, self.streams, [self.notifier], self.clock, grouping=GroupingPolicy())

    def run(self, seconds: float, *, alive: bool = True) -> None:
        """Let time go by; a status of every camera each two seconds, and pictures of those that are up."""
        for _ in range(round(seconds / 2)):
            self.clock.advance(2.0)
            if not alive:
                continue
            for index, (name, story) in enumerate(self.stories.items()):
                story.now = self.clock.now() + timedelta(milliseconds=7 * index)
                if self.is_out(name):
                    story.status(ConnectionState.LOST, reason="no route to host")
                else:
                    story.status()
            self.dispatcher.run_once()

    def is_out(self, name: str) -> bool:
        if name not in VICTIMS:
            return False
        elapsed_s = (self.clock.now() - START).total_seconds() - 60.0
        back_s = CUT_S + APART_S * VICTIMS.index(name)
        return elapsed_s >= 0 and (name in self.dead or elapsed_s < back_s)

    def kinds(self) -> list[NotificationKind]:
        return [entry.kind for entry in self.notifier.sent]


@pytest.mark.parametrize("killed_after_s", [40.0, 80.0, 135.0])
def test_a_switch_reboot_makes_one_firing_one_update_naming_the_two_and_one_resolved(killed_after_s: float) -> None:
    site = SimulatedSite()
    site.run(60.0)
    site.run(killed_after_s)
    site.run(20.0, alive=False)
    site.start()
    site.run(600.0)

    assert site.kinds() == [NotificationKind.FIRING, NotificationKind.UPDATE]
    firing, update = (entry.incident for entry in site.notifier.sent)
    assert firing.members == tuple(VICTIMS)
    assert firing.headline is Fault.SIGNAL_LOSS
    assert (firing.site, firing.group) == ("depot", "switch-1")
    assert update.incident_id == firing.incident_id
    assert update.summary == f"depot, switch-1: 10 of 12 cameras are back, still out: {', '.join(SLOWEST)}"

    site.dead.clear()
    site.run(400.0)

    assert site.kinds() == [NotificationKind.FIRING, NotificationKind.UPDATE, NotificationKind.RESOLVED]
    resolved = site.notifier.sent[-1].incident
    assert resolved.incident_id == firing.incident_id
    assert resolved.state is IncidentState.RESOLVED
    assert site.alerts.incidents(state=IncidentState.OPEN) == []
