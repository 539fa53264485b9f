"""Messages that time alone brings: reminders of what is still wrong, and escalation of what nobody took on. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.alerts import Incident, NotificationKind, OutboxEntry
from domain.cameras import Camera
from domain.clocks import has_passed
from evaluation.alerting.incidents import make_outbox_entry
from notification.routing import Routing, facts_of

FOLLOW_UP_KINDS = frozenset({NotificationKind.REMINDER, NotificationKind.ESCALATION})
STOPPED_FOR = timedelta(hours=12)
"""A reminder that is later than this, because Sightline did not run, is left out."""


@dataclass(frozen=True, slots=True)
class FollowUpPolicy:
    """When a reminder of an open incident is sent, after its first message."""

    reminders: tuple[timedelta, ...] = (timedelta(hours=1), timedelta(days=1))


def plan_follow_ups(
    incidents: Sequence[Incident],
    notified: Mapping[str, Mapping[str, datetime]],
    routing: Routing,
    cameras: Collection[Camera],
    now: datetime,
    *,
    policy: FollowUpPolicy,
) -> tuple[OutboxEntry, ...]:
    """Return the messages that are due about open incidents. `notified` says by incident which receivers had a message,
    and when first.

    The key of each is the same whenever it is made again, so that the outbox keeps one.
    """
    entries: list[OutboxEntry] = []
    for incident in incidents:
        times = notified.get(incident.incident_id)
        if times and not incident.flapping:
            first = min(times.values())
            entries += _escalations(incident, first, routing, cameras, now)
            entries += _reminders(incident, first, now, policy)
    return tuple(entries)


def is_superseded(message: OutboxEntry, incident: Incident | None) -> bool:
    """Return whether a reminder or an escalation is no longer needed: somebody took the incident on after it was made.

    `incident` is the stored one. A message may have waited for the end of a quiet time, or for a receiver.
    """
    taken_on = incident is not None and bool(incident.acknowledged_by)
    return message.kind in FOLLOW_UP_KINDS and taken_on and not message.incident.acknowledged_by


def _reminders(incident: Incident, first: datetime, now: datetime, policy: FollowUpPolicy) -> Iterator[OutboxEntry]:
    due = [after for after in policy.reminders if first + after <= now < first + after + max(STOPPED_FOR, after / 2)]
    for after in due[-1:]:
        # Whoever took it on needs no reminder so soon; after a day it may have been forgotten.
        if incident.acknowledged_by and after < timedelta(days=1):
            continue
        owner = f", taken on by {incident.acknowledged_by}" if incident.acknowledged_by else ""
        reminder = replace(incident, summary=f"{incident.summary} (still so after {_duration(after)}{owner})")
        yield make_outbox_entry(reminder, NotificationKind.REMINDER, now, detail=f"{after.total_seconds():.0f}")


def _escalations(
    incident: Incident, first: datetime, routing: Routing, cameras: Collection[Camera], now: datetime
) -> Iterator[OutboxEntry]:
    if incident.acknowledged_by:
        return
    for route in routing.escalating_routes(facts_of(incident, cameras), first):
        assert route.escalate_after_s is not None
        after = timedelta(seconds=route.escalate_after_s)
        if has_passed(route.escalate_after_s, first, now):
            escalation = replace(incident, summary=f"{incident.summary} (nobody took it on within {_duration(after)})")
            yield make_outbox_entry(escalation, NotificationKind.ESCALATION, now, detail=route.name)


def _duration(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    if minutes % 1440 == 0:
        return f"{minutes // 1440} d"
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"
