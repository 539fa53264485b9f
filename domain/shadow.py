"""Shadow mode: everything is judged and stored, nobody is notified, and what would have been sent is kept."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.alerts import Incident, NotificationKind
from domain.faults import Fault

BEGINS = (NotificationKind.FIRING, NotificationKind.ESCALATION)
"""The kinds of message by which a receiver first hears of an incident; an escalation goes to further people."""


@dataclass(frozen=True, slots=True)
class ShadowScope:
    """Where shadow mode is on: `everywhere`, or at the named sites."""

    everywhere: bool = False
    sites: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.sites)

    def covers_site(self, site: str) -> bool:
        return self.everywhere or site in self.sites

    def sentence(self) -> str:
        """Return what people must know, or "" where shadow mode is off."""
        if self.everywhere:
            return "Shadow mode is on: faults are judged and stored, and nobody is notified"
        if self.sites:
            named = ", ".join(sorted(name or "cameras without a site" for name in self.sites))
            return f"Shadow mode is on at {named}: faults there are judged and stored, and nobody is notified of them"
        return ""


@dataclass(frozen=True, slots=True)
class ShadowMessage:
    """A message that `receiver` would have got at `at`; the same key and receiver are the same message."""

    key: str
    receiver: str
    kind: NotificationKind
    incident: Incident
    at: datetime


@dataclass(frozen=True, slots=True)
class ShadowCount:
    """What one fault would have caused: incidents announced, and messages to all receivers together."""

    fault: Fault
    incidents: int
    messages: int


def count_by_fault(messages: Iterable[ShadowMessage]) -> tuple[ShadowCount, ...]:
    """Return the counts of each fault under whose name people would have been notified, most incidents first."""
    listed = list(messages)
    first = {each.incident.incident_id: each for each in listed if each.kind is NotificationKind.FIRING}
    incidents = Counter(each.incident.headline for each in first.values())
    sent = Counter(each.incident.headline for each in listed)
    counts = [ShadowCount(fault, incidents[fault], count) for fault, count in sent.items()]
    return tuple(sorted(counts, key=lambda each: (-each.incidents, -each.messages, each.fault)))


def count_by_receiver(messages: Iterable[ShadowMessage]) -> Mapping[str, int]:
    """Return how many messages each receiver would have got."""
    return dict(sorted(Counter(each.receiver for each in messages).items()))
