"""The summary of a source at its end: which faults, for how long, and which checks could not be made."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from domain.faults import FAULT_LABELS, Fault, Verdict, VerdictState
from domain.text.camera_urls import redact_url
from evaluation.rules.fault_rules import RULES
from sightline.standalone.clip_evaluation import EvaluatedFrame


@dataclass(slots=True)
class FaultSummary:
    """One fault of one source: in how many frames, its first and last time, and its first reason."""

    frames: int
    first_s: float
    last_s: float
    reason: str

    def when(self) -> str:
        """Return the span in seconds of the recording's own time."""
        first, last = f"{self.first_s:.0f}", f"{self.last_s:.0f}"
        return f"{first} s" if first == last else f"{first}-{last} s"


@dataclass(slots=True)
class SourceSummary:
    """The verdicts about one source, collected frame by frame."""

    source: str
    frames: int = 0
    """Frames that were evaluated."""
    rejected: int = 0
    """Frames that no metric could be computed of."""
    findings: dict[Fault, FaultSummary] = field(default_factory=dict)
    """Faults that were found."""
    assessed: Counter[Fault] = field(default_factory=Counter)
    """By fault, frames in which it could be assessed."""
    not_assessed: dict[Fault, str] = field(default_factory=dict)
    """By fault, why it could not be."""
    track: str = ""
    """Which of several video tracks was evaluated, "" where there is one."""

    def add(self, evaluation: EvaluatedFrame) -> None:
        self.frames += 1
        for verdict in evaluation.verdicts:
            if verdict.state is VerdictState.NOT_ASSESSABLE:
                self.not_assessed[verdict.fault] = verdict.reason
                continue
            self.assessed[verdict.fault] += 1
            if verdict.state is VerdictState.FAULT:
                self._add_fault(verdict, evaluation.at_s)

    def _add_fault(self, verdict: Verdict, at_s: float) -> None:
        found = self.findings.setdefault(verdict.fault, FaultSummary(0, at_s, at_s, verdict.reason))
        found.frames += 1
        found.last_s = at_s

    def lines(self) -> Iterable[str]:
        """Return the summary as lines of plain text."""
        yield f"{redact_url(self.source)}: {_count_frames(self.frames)}, {self._verdict()}, {self._coverage()}"
        if self.track:
            yield f"  {self.track}"
        if self.rejected:
            yield f"  {_count_frames(self.rejected)} could not be scored"
        for fault, found in sorted(self.findings.items(), key=lambda item: -item[1].frames):
            yield f"  {FAULT_LABELS[fault]} ({fault}) in {_count_frames(found.frames)}, {found.when()}: {found.reason}"
        for reason, faults in self._never_assessed().items():
            yield f"  not assessable: {', '.join(faults)} ({reason})"

    def _verdict(self) -> str:
        if not self.frames:
            return "nothing evaluated"
        count = len(self.findings)
        return f"{count} fault{'s' if count > 1 else ''} found" if count else "no fault found"

    def _coverage(self) -> str:
        asked = [fault for fault in Fault if fault in self.assessed or not RULES[fault].analogue_only]
        return f"{len(self.assessed)} of {len(asked)} checks made"

    def _never_assessed(self) -> Mapping[str, list[str]]:
        by_reason: dict[str, list[str]] = {}
        for fault, reason in self.not_assessed.items():
            if fault not in self.assessed:
                by_reason.setdefault(reason, []).append(fault.value)
        return by_reason


def _count_frames(count: int) -> str:
    return f"{count} frame" if count == 1 else f"{count} frames"


def frame_json(evaluation: EvaluatedFrame) -> dict[str, object]:
    """Return one frame as `score --json` prints it."""
    return {
        "source": redact_url(evaluation.source),
        "pts_s": evaluation.pts_s,
        "scores": {metric: round(value, 9) for metric, value in sorted(evaluation.values.items())},
        "verdicts": verdicts_json(evaluation.verdicts),
    }


def verdicts_json(verdicts: Iterable[Verdict]) -> dict[str, dict[str, str]]:
    """Return every fault with its state and reason."""
    return {verdict.fault.value: {"state": verdict.state.value, "reason": verdict.reason} for verdict in verdicts}
