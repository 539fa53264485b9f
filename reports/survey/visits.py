"""What one visit to each camera found, worst first: the first look at a site, before any baseline exists. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from statistics import median
from types import MappingProxyType

from domain.faults import Fault, Verdict, VerdictState
from domain.metrics import MetricSpec
from evaluation.alerting.root_cause import rank, root_causes
from evaluation.fleet import COMPARED, FleetFinding, compare_cameras
from evaluation.rules.fault_rules import RULES
from reports.measures.quality import QUALITY_METRICS

BAD_SHARE = 0.5
"""A fault counts where it was seen in at least this share of the pictures it was judged in."""
NEEDS_BASELINE = "needs a baseline, learned over the first hours"
_WITHOUT_PAST = ("learning", "no picture seen yet", "the camera's usual activity is not known yet")
"""How reasons begin that only say that the camera has no past: at a visit its pictures were seen."""
_SEVERITIES = ("critical", "warning", "info")
_ESSENTIAL = (Fault.BLACK, Fault.BLUR, Fault.LOW_CONTRAST)
"""Where none of these could be made, nothing was seen by which to call a picture fine."""


class SurveyState(StrEnum):
    """What a visit came to, worst first."""

    FAULT = "fault"
    NOT_JUDGED = "not_judged"
    NO_FAULT_FOUND = "no_fault_found"


@dataclass(frozen=True, slots=True)
class SurveyFinding:
    """One fault seen at the visit, and the sentence that says why."""

    fault: Fault
    reason: str

    @property
    def severity(self) -> str:
        return RULES[self.fault].alert.severity


@dataclass(frozen=True, slots=True)
class SurveyEntry:
    """One visited camera."""

    name: str
    site: str = ""
    group: str = ""
    address: str = ""
    """Without its login."""
    frames: int = 0
    """Frames that were judged."""
    seconds: float = 0.0
    """How long the visit took."""
    findings: Sequence[SurveyFinding] = ()
    """The cause first."""
    not_judged_reason: str = ""
    """Why nothing was judged; "" where something was."""
    not_judged: Mapping[str, Sequence[Fault]] = field(default_factory=dict)
    """Each reason to the checks that could not be made for it."""
    checks_made: int = 0
    """Checks with an answer."""
    quality: Mapping[str, float] = field(default_factory=dict)
    """Learned scores by metric."""
    facts: str = ""
    """What the stream is, in words."""
    picture: bytes = field(default=b"", repr=False)
    """JPEG, or empty."""
    numbers: Mapping[str, float] = field(default_factory=dict, repr=False)
    """Medians of what is compared between cameras."""

    @property
    def state(self) -> SurveyState:
        if self.findings:
            return SurveyState.FAULT
        return SurveyState.NO_FAULT_FOUND if self.frames and not self.not_judged_reason else SurveyState.NOT_JUDGED

    @property
    def headline(self) -> SurveyFinding | None:
        return self.findings[0] if self.findings else None


@dataclass(frozen=True, slots=True)
class Survey:
    """All visits, worst first. `models` maps a detector's name to the fingerprint of what judged."""

    entries: Sequence[SurveyEntry]
    visited_at: datetime
    version: str
    models: Mapping[str, str] = field(default_factory=dict)

    def count(self, state: SurveyState) -> int:
        return sum(entry.state is state for entry in self.entries)

    def never_judged(self) -> Mapping[str, Sequence[Fault]]:
        """Return the checks that could be made on no camera that was judged, by reason."""
        each = [_pairs(entry) for entry in self.entries if entry.frames]
        common = set.intersection(*each) if each else set()
        return _by_reason(sorted(common, key=_pair_order))

    def headlines(self) -> Sequence[tuple[Fault, int]]:
        """Return on how many cameras each fault is the cause, the most frequent first."""
        found = Counter(entry.headline.fault for entry in self.entries if entry.headline is not None)
        return sorted(found.items(), key=lambda item: (-item[1], rank(item[0])))


class VisitTally:
    """Gathers what is said of one camera picture by picture."""

    def __init__(self) -> None:
        self.frames = 0
        self._seen: Counter[Fault] = Counter()
        self._assessed: Counter[Fault] = Counter()
        self._reasons: dict[Fault, str] = {}
        self._not_assessed: dict[Fault, str] = {}
        self._quality: dict[str, list[float]] = {}
        self._numbers: dict[str, list[float]] = {}

    def add(self, verdicts: Iterable[Verdict], values: Mapping[str, float]) -> None:
        """Take in one judged picture."""
        self.frames += 1
        for verdict in verdicts:
            if verdict.state is VerdictState.NOT_ASSESSABLE:
                self._not_assessed[verdict.fault] = verdict.reason
                continue
            self._assessed[verdict.fault] += 1
            if verdict.state is VerdictState.FAULT:
                self._seen[verdict.fault] += 1
                self._reasons[verdict.fault] = verdict.reason
        for metric in QUALITY_METRICS:
            if metric in values:
                self._quality.setdefault(metric, []).append(values[metric])
        for metric in COMPARED:
            if metric in values:
                self._numbers.setdefault(metric, []).append(values[metric])

    def findings(self, more: Iterable[SurveyFinding] = ()) -> Sequence[SurveyFinding]:
        """Return what was wrong in most pictures, the cause first; `more` is what the connection showed."""
        known = {found.fault: found for found in more}
        for fault, count in self._seen.items():
            if count >= BAD_SHARE * self._assessed[fault] and not RULES[fault].alert.event:
                known.setdefault(fault, SurveyFinding(fault, self._reasons[fault]))
        return _cause_first(known)

    def not_judged(self, not_applicable: Iterable[str] = ()) -> Mapping[str, Sequence[Fault]]:
        """Return the checks that could never be made, by reason; those that cannot apply are left out."""
        left_out = set(not_applicable)
        found: dict[str, list[Fault]] = {}
        for fault, reason in self._not_assessed.items():
            if fault not in self._assessed and reason not in left_out:
                said = NEEDS_BASELINE if reason.startswith(_WITHOUT_PAST) else reason
                found.setdefault(said, []).append(fault)
        return {reason: sorted(faults, key=rank) for reason, faults in sorted(found.items(), key=_by_count)}

    def not_judged_reason(self) -> str:
        """Return why the picture could not be judged as a whole, such as a scene without light, or ""."""
        if any(fault in self._assessed for fault in _ESSENTIAL):
            return ""
        return next((self._not_assessed[fault] for fault in _ESSENTIAL if fault in self._not_assessed), "")

    @property
    def checks_made(self) -> int:
        return len(self._assessed)

    @property
    def quality(self) -> Mapping[str, float]:
        return {metric: float(median(values)) for metric, values in self._quality.items()}

    @property
    def numbers(self) -> Mapping[str, float]:
        """The medians of what is compared between cameras."""
        return {metric: float(median(values)) for metric, values in self._numbers.items()}


def compare_entries(
    entries: Iterable[SurveyEntry], metrics: Mapping[str, MetricSpec] = MappingProxyType({})
) -> Sequence[SurveyEntry]:
    """Return the entries with what each camera shows alone among those of its site added to its findings.

    By `metrics` their reasons name numbers in a guard's words.
    """
    sites: dict[str, list[SurveyEntry]] = {}
    for entry in entries:
        sites.setdefault(entry.site, []).append(entry)
    return [one for site in sites.values() for one in _compare_site(site, metrics)]


def _compare_site(entries: Sequence[SurveyEntry], metrics: Mapping[str, MetricSpec]) -> Sequence[SurveyEntry]:
    alone = compare_cameras({entry.name: entry.numbers for entry in entries if not entry.not_judged_reason}, metrics)
    return [_add_findings(entry, alone[entry.name]) if entry.name in alone else entry for entry in entries]


def _add_findings(entry: SurveyEntry, alone: Iterable[FleetFinding]) -> SurveyEntry:
    known = {finding.fault: finding for finding in entry.findings}
    for one in alone:
        known.setdefault(one.fault, SurveyFinding(one.fault, one.reason))
    return replace(entry, findings=_cause_first(known))


def _cause_first(known: Mapping[Fault, SurveyFinding]) -> Sequence[SurveyFinding]:
    causes = root_causes(known)
    symptoms = sorted(set(known) - set(causes), key=rank)
    return [known[fault] for fault in (*causes, *symptoms)]


def own_gaps(entry: SurveyEntry, common: Mapping[str, Sequence[Fault]]) -> Mapping[str, Sequence[Fault]]:
    """Return what could not be judged on this camera and could on others."""
    everywhere = {(reason, fault) for reason, faults in common.items() for fault in faults}
    return _by_reason(sorted(_pairs(entry) - everywhere, key=_pair_order))


def _pairs(entry: SurveyEntry) -> set[tuple[str, Fault]]:
    return {(reason, fault) for reason, faults in entry.not_judged.items() for fault in faults}


def _pair_order(pair: tuple[str, Fault]) -> tuple[str, int]:
    return pair[0], rank(pair[1])


def _by_reason(pairs: Iterable[tuple[str, Fault]]) -> Mapping[str, Sequence[Fault]]:
    found: dict[str, list[Fault]] = {}
    for reason, fault in pairs:
        found.setdefault(reason, []).append(fault)
    return found


def _by_count(item: tuple[str, Sequence[Fault]]) -> tuple[int, str]:
    return -len(item[1]), item[0]


def rank_entries(entries: Iterable[SurveyEntry]) -> Sequence[SurveyEntry]:
    """Return the entries in the order in which to look at them.

    Critical faults, other faults, what could not be judged, notes, then cameras without a fault, the poorest picture
    first.
    """
    return sorted(entries, key=_place)


def _place(entry: SurveyEntry) -> tuple[int, int, float, str]:
    quality = entry.quality.get("image_quality", 101.0)
    headline = entry.headline
    if headline is None:
        return (2 if entry.state is SurveyState.NOT_JUDGED else 4, 0, quality, entry.name)
    severity = min((finding.severity for finding in entry.findings), key=_SEVERITIES.index)
    return {"critical": 0, "warning": 1, "info": 3}[severity], rank(headline.fault), quality, entry.name
