"""Which messages wait although they are due: during maintenance, while snoozed, while a connection flaps. Pure.

Nothing here changes what is judged or stored. A first message that waits is sent when the quiet time ends and its
incident is still open; where the incident ended before, neither its beginning nor its end is sent.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.alerts import Incident, NotificationKind, OutboxEntry
from domain.cameras import Camera
from domain.quiet_times import Snooze
from domain.verdict_time import MaintenanceWindow
from notification.grouping import cause_of

_ONLY_WHILE_OPEN = (NotificationKind.REMINDER, NotificationKind.ESCALATION)
FLAPPING_CAUSES = frozenset({"outage", "network"})


@dataclass(frozen=True, slots=True)
class QuietTimes:
    """What holds now or ended lately. `flapping` says since when each camera's flap warning is open."""

    windows: tuple[MaintenanceWindow, ...] = ()
    snoozes: tuple[Snooze, ...] = ()
    flapping: Mapping[str, datetime] = field(default_factory=dict)

    def reason(self, incident: Incident, cameras: Mapping[str, Camera], at: datetime) -> str:
        """Return why a message about this incident waits at `at`, "" where it does not."""
        reasons = [self._reason_of_camera(name, incident, cameras, at) for name in _cameras_of(incident)]
        return reasons[0] if reasons and all(reasons) else ""

    def _reason_of_camera(self, name: str, incident: Incident, cameras: Mapping[str, Camera], at: datetime) -> str:
        camera = cameras.get(name)
        site, group = (camera.site, camera.group) if camera is not None else (incident.site, incident.group)
        for window in self.windows:
            if window.since <= at < window.until and window.covers(name, site, group):
                return f"maintenance until {window.until:%Y-%m-%d %H:%M} UTC"
        for snooze in self.snoozes:
            if (snooze.created_at or at) <= at < snooze.until and snooze.covers(
                incident.incident_id, name, incident.headline
            ):
                return f"snoozed until {snooze.until:%Y-%m-%d %H:%M} UTC"
        if incident.flapping:
            return ""  # the warning itself never waits for its own end
        flapping = name in self.flapping and self.flapping[name] <= at
        if flapping and cause_of(incident.headline) in FLAPPING_CAUSES:
            return "the connection flaps"
        return ""


def _cameras_of(incident: Incident) -> Sequence[str]:
    return incident.members or (incident.stream_id,)


@dataclass(frozen=True, slots=True)
class QuietPlan:
    """Messages that may go, those that wait, and the keys of those that nobody needs any more."""

    free: tuple[OutboxEntry, ...]
    held: tuple[OutboxEntry, ...]
    superfluous: tuple[str, ...]


def hold_back(
    due: Sequence[OutboxEntry],
    quiet: QuietTimes,
    cameras: Mapping[str, Camera],
    now: datetime,
    *,
    begun: Collection[str] = (),
) -> QuietPlan:
    """Split the messages that are due. Those in `begun` are on their way and are not held.

    What began and ended quietly is dropped. When the quiet time ends, an incident that is still open is announced by
    one message with its newest state, and of several reminders the newest is sent. `quiet` holds what ended lately
    too, so that a restart changes nothing.
    """
    free: list[OutboxEntry] = [message for message in due if message.key in begun]
    waiting: list[OutboxEntry] = []
    superfluous: list[str] = []
    for messages in _by_incident(message for message in due if message.key not in begun):
        first, last = messages[0], messages[-1]
        untold = first.kind is NotificationKind.FIRING
        over = last.kind is NotificationKind.RESOLVED
        if over and untold and quiet.reason(last.incident, cameras, last.created_at):
            superfluous += [message.key for message in messages]
        elif not over and quiet.reason(last.incident, cameras, now):
            waiting += messages
        elif not over and untold and quiet.reason(first.incident, cameras, first.created_at):
            free.append(replace(first, incident=last.incident))
            superfluous += [message.key for message in messages[1:]]
        else:
            late = [message for message in messages if over and message.kind in _ONLY_WHILE_OPEN]
            late += [message for message in messages if message.kind is NotificationKind.REMINDER][:-1]
            superfluous += [message.key for message in messages if message in late]
            free += [message for message in messages if message not in late]
    return QuietPlan(tuple(free), tuple(waiting), tuple(superfluous))


def _by_incident(due: Iterable[OutboxEntry]) -> Sequence[Sequence[OutboxEntry]]:
    entries_of: dict[str, list[OutboxEntry]] = {}
    for message in due:
        entries_of.setdefault(message.incident.incident_id, []).append(message)
    order = list(NotificationKind)
    return [sorted(each, key=lambda m: (order.index(m.kind), m.created_at)) for each in entries_of.values()]
