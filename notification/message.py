"""A notification in words: what a guard reads in a mail, in a chat or on a phone. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from urllib.parse import quote

from domain.alerts import Incident, IncidentState, NotificationKind, OutboxEntry
from domain.faults import FAULT_LABELS, Evidence, Fault
from domain.metric_words import write_quantity
from domain.metrics import MetricSpec
from domain.runbook import RUNBOOK
from notification.grouping import unrecovered_members

TEST_INCIDENT = "test"
"""The incident of a message that only tries a receiver."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: a title of one line, lines of `what: value`, and where to read on ("" where nobody can)."""

    title: str
    lines: tuple[str, ...]
    link: str
    key: str

    @property
    def text(self) -> str:
        """The message without its title."""
        return "\n".join((*self.lines, *((self.link,) if self.link else ())))


def _utc(site: str) -> tzinfo:
    return UTC


@dataclass(frozen=True, slots=True)
class MessageWriter:
    """Writes messages: `public_url` begins every link, `metrics` name the numbers, `zone_of` gives a site's zone."""

    public_url: str = ""
    metrics: Mapping[str, MetricSpec] = field(default_factory=dict)
    zone_of: Callable[[str], tzinfo] = _utc

    def write(self, entry: OutboxEntry) -> Message:
        """Return the message of one entry."""
        incident = entry.incident
        if incident.incident_id == TEST_INCIDENT:
            return Message(
                incident.summary, ("Nothing is wrong; somebody tries this receiver.",), self.public_url, entry.key
            )
        lines = [*self._place_lines(incident), *self._fault_lines(entry)]
        if incident.resolved_at is not None:
            lines.append(f"Over: {self._local_time(incident.resolved_at, incident.site)}")
        if incident.acknowledged_by:
            lines.append(f"Taken on by: {incident.acknowledged_by}")
        return Message(_title(entry), tuple(lines), self._link(incident), entry.key)

    def write_digest(self, entries: Sequence[OutboxEntry]) -> Message:
        """Return many messages as one: what is still wrong first, then what is over, each incident once."""
        last = {entry.incident.incident_id: entry for entry in entries}
        over = [each for each in last.values() if each.incident.state is IncidentState.RESOLVED]
        wrong = [each for each in last.values() if each.incident.state is not IncidentState.RESOLVED]
        lines = [f"Still wrong: {self._digest_line(each)}" for each in wrong]
        lines += [f"Over: {self._digest_line(each)}" for each in over]
        title = f"Sightline: {len(wrong)} incidents, {len(over)} are over"
        return Message(title, tuple(lines), self.public_url, ",".join(entry.key for entry in entries))

    def _digest_line(self, entry: OutboxEntry) -> str:
        incident = entry.incident
        return f"{_title(entry)}, since {self._local_time(_since(incident), incident.site)}"

    def _place_lines(self, incident: Incident) -> Sequence[str]:
        lines = [f"Camera: {incident.stream_id}"] if incident.stream_id else []
        if incident.members:
            out = unrecovered_members(incident)
            lines.append(f"Cameras: {', '.join(out or incident.members)}")
        lines += [f"Site: {incident.site}"] if incident.site else []
        return lines + ([f"Group: {incident.group}"] if incident.group else [])

    def _fault_lines(self, entry: OutboxEntry) -> Sequence[str]:
        incident = entry.incident
        lines = [f"What: {incident.summary or FAULT_LABELS[incident.headline]}"]
        if incident.state is IncidentState.OPEN:
            number = self._number(incident.evidence)
            lines += [f"Measured: {number}"] if number else []
            also = ", ".join(FAULT_LABELS[fault] for fault in incident.symptoms)
            lines += [f"Also: {also}"] if also else []
            lines.append(f"Do first: {RUNBOOK[incident.headline].steps[0]}")
        lines.append(f"Since: {self._local_time(_since(incident), incident.site)}")
        return [*lines, f"Severity: {incident.severity}"]

    def _number(self, evidence: Evidence) -> str:
        if evidence.value is None or not evidence.metric:
            return ""
        spec = self.metrics.get(evidence.metric)
        name, unit = (spec.label, spec.unit) if spec is not None else (evidence.metric, evidence.unit)
        low, high = (
            None if bound is None else write_quantity(bound, unit)
            for bound in (evidence.normal_low, evidence.normal_high)
        )
        if low is not None and high is not None:
            normal = f" (normal: {low} to {high})"
        elif low is not None:
            normal = f" (normal: at least {low})"
        else:
            normal = f" (normal: at most {high})" if high is not None else ""
        return f"{name} {write_quantity(evidence.value, unit)}{normal}"

    def _local_time(self, at: datetime, site: str) -> str:
        local = at.astimezone(self.zone_of(site))
        return f"{local:%Y-%m-%d %H:%M} {local.tzname()}"

    def _link(self, incident: Incident) -> str:
        base = self.public_url.rstrip("/")
        return f"{base}/incidents/{quote(incident.incident_id, safe='')}" if base else ""


def _since(incident: Incident) -> datetime:
    return incident.evidence.since or incident.opened_at


def _title(entry: OutboxEntry) -> str:
    incident = entry.incident
    if not incident.stream_id:
        sentence = incident.summary or FAULT_LABELS[incident.headline]
    else:
        place = f" ({incident.site})" if incident.site else ""
        over = " is over" if entry.kind is NotificationKind.RESOLVED else ""
        sentence = f"{incident.stream_id}{place}: {FAULT_LABELS[incident.headline]}{over}"
    if entry.kind is NotificationKind.ESCALATION:
        return f"Nobody took it on: {sentence}"
    return f"Still: {sentence}" if entry.kind is NotificationKind.REMINDER else sentence


def make_test_entry(now: datetime) -> OutboxEntry:
    """Return a message that says that it is a test."""
    summary = "Sightline: this is a test message"
    incident = Incident(
        TEST_INCIDENT, "", Fault.SIGNAL_LOSS, IncidentState.OPEN, now, now, severity="info", summary=summary
    )
    return OutboxEntry(f"{TEST_INCIDENT}:{now:%Y%m%dT%H%M%S%f}", NotificationKind.FIRING, incident, now)
