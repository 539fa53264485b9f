"""What incidents say over a period: how many, how soon noticed, how soon over, and which keep coming back. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from domain.alerts import AlarmAnswer, Incident
from domain.faults import Fault
from reports.usable_time.intervals import Interval
from reports.usable_time.periods import Stretch

EVENTS = frozenset({Fault.RESOLUTION_CHANGED, Fault.CODEC_CHANGED})
"""Notices that cost no usable time and end by themselves."""
FLAP_WITHIN = timedelta(hours=1)
"""A fault that is back so soon after its end flaps; the alert rules remember an end for as long."""


@dataclass(frozen=True, slots=True)
class Times:
    """Mean and median of durations, in seconds, over `count` of them; None where there is none."""

    count: int = 0
    mean_s: float | None = None
    median_s: float | None = None


@dataclass(frozen=True, slots=True)
class Reliability:
    """Incidents of one camera, or several, that were opened in the period."""

    incidents: int = 0
    """Opened in the period, outside maintenance."""
    open_at_end: int = 0
    """Of these, still open when the period ended."""
    flaps: int = 0
    """Times an alert came back."""
    notices: int = 0
    """Incidents that do not resolve, such as a change of resolution."""
    in_maintenance: int = 0
    """Opened in a maintenance window; they count nowhere else."""
    to_detect: Times = Times()
    """From the first bad picture or status to the incident."""
    to_end: Times = Times()
    """From the incident to its end, for those that ended in the period."""
    by_fault: Mapping[str, int] = field(default_factory=dict)
    """Incidents by key of the headline."""
    answers: Mapping[AlarmAnswer, int] = field(default_factory=dict)
    """What people answered to them, counted; an answer that nobody gave is absent."""


def summarise(values: Collection[float]) -> Times:
    """Return count, mean and median."""
    if not values:
        return Times()
    return Times(len(values), sum(values) / len(values), float(median(values)))


@dataclass(frozen=True, slots=True)
class Tally:
    """What several cameras' incidents add up from: `Reliability` without what cannot be added, such as a median."""

    opened: tuple[Incident, ...] = ()
    """Incidents that opened in the period."""
    detect_s: tuple[float, ...] = ()
    """Seconds from the beginning of each fault to its incident."""
    end_s: tuple[float, ...] = ()
    """Seconds from opening to end of those that ended."""
    open_at_end: int = 0
    flaps: int = 0
    """Incidents of a fault that was back soon after its end."""
    notices: int = 0
    """Messages about events, which do not resolve."""
    in_maintenance: int = 0
    """Incidents in announced maintenance; they are not in `opened`."""

    def summary(self) -> Reliability:
        return Reliability(
            incidents=len(self.opened),
            open_at_end=self.open_at_end,
            flaps=self.flaps,
            notices=self.notices,
            in_maintenance=self.in_maintenance,
            to_detect=summarise(self.detect_s),
            to_end=summarise(self.end_s),
            by_fault=dict(sorted(Counter(each.headline.value for each in self.opened).items())),
            answers=Counter(each.answer for each in self.opened if each.answer is not None),
        )


def tally(incidents: Iterable[Incident], whole: Stretch, maintenance: Sequence[Interval] = ()) -> Tally:
    """Count the incidents of one camera in a period; those of groups are left out, their cameras have their own."""
    own = sorted((each for each in incidents if not each.members), key=lambda each: each.opened_at)
    causes = [each for each in own if each.headline not in EVENTS]
    opened = [each for each in causes if whole.since <= each.opened_at < whole.until]
    announced = [each for each in opened if _within(each.opened_at, maintenance)]
    left_out = {each.incident_id for each in announced}
    counted = [each for each in opened if each.incident_id not in left_out]
    ended = [
        (each.resolved_at - each.opened_at).total_seconds()
        for each in causes
        if each.resolved_at is not None
        and whole.since <= each.resolved_at < whole.until
        and not _within(each.opened_at, maintenance)
    ]
    return Tally(
        opened=tuple(counted),
        detect_s=tuple(_detect_s(each) for each in counted),
        end_s=tuple(ended),
        open_at_end=sum(each.opened_at < whole.until and _lasts(each, whole.until) for each in causes),
        flaps=_flaps(causes, counted),
        notices=sum(each.headline in EVENTS and whole.since <= each.opened_at < whole.until for each in own),
        in_maintenance=len(announced),
    )


def add_tallies(tallies: Sequence[Tally]) -> Tally:
    """Return the incidents of several cameras together."""
    return Tally(
        opened=tuple(each for one in tallies for each in one.opened),
        detect_s=tuple(each for one in tallies for each in one.detect_s),
        end_s=tuple(each for one in tallies for each in one.end_s),
        open_at_end=sum(one.open_at_end for one in tallies),
        flaps=sum(one.flaps for one in tallies),
        notices=sum(one.notices for one in tallies),
        in_maintenance=sum(one.in_maintenance for one in tallies),
    )


def _detect_s(incident: Incident) -> float:
    """Return seconds from the first bad sample to the incident; 0 where the first sample already made it."""
    began = incident.evidence.since
    return max(0.0, (incident.opened_at - began).total_seconds()) if began is not None else 0.0


def _lasts(incident: Incident, at: datetime) -> bool:
    return incident.resolved_at is None or incident.resolved_at >= at


def _within(at: datetime, intervals: Sequence[Interval]) -> bool:
    return any(since <= at < until for since, until in intervals)


def _flaps(causes: Sequence[Incident], counted: Sequence[Incident]) -> int:
    """Count the incidents whose headline had ended on this camera less than an hour before."""
    names = {each.incident_id for each in counted}
    ended: dict[Fault, datetime] = {}
    flaps = 0
    for each in causes:
        before = ended.get(each.headline)
        if before is not None and each.incident_id in names and timedelta(0) <= each.opened_at - before <= FLAP_WITHIN:
            flaps += 1
        if each.resolved_at is not None:
            ended[each.headline] = max(each.resolved_at, ended.get(each.headline, each.resolved_at))
    return flaps
