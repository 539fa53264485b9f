"""How long each camera was in which state: what reports add up."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from domain.baselines import LightMode


class TimeState(StrEnum):
    """What is written down of a camera's time: one state at a time, never two."""

    OK = "ok"
    FAULT = "fault"
    """The cause is the headline: the fault that explains the others."""
    NOT_ASSESSABLE = "not_assessable"
    UNKNOWN = "unknown"
    """Sightline did not run, or could not see: nothing is claimed about the camera."""


class CameraNotAssessable(StrEnum):
    """Why a camera as a whole could not be judged although Sightline heard it."""

    CONNECTING = "connecting"
    RESTING = "resting"
    SETTLING = "settling"
    UNLIT = "unlit"
    LIGHT_CHANGING = "light_changing"
    TOO_FEW_PICTURES = "too_few_pictures"
    NO_CHECK = "no_check"


class Unknown(StrEnum):
    """Why nothing is known of a camera."""

    NOT_RUNNING = "not_running"
    """Nothing was written down at all: Sightline, its database or the machine was down."""
    INGEST_SILENT = "ingest_silent"
    SCORING_BEHIND = "scoring_behind"
    BEFORE_RECORDS = "before_records"
    """Before this version kept the time, and what was kept then does not tell."""


LEARNING = "learning"
"""Cause of `TimeState.OK` while some checks lack their baseline."""

CAUSE_LABELS: Mapping[str, str] = {
    CameraNotAssessable.CONNECTING: "connecting",
    CameraNotAssessable.RESTING: "between two patrol visits, or the recording ended",
    CameraNotAssessable.SETTLING: "settling after a change of light",
    CameraNotAssessable.UNLIT: "scene without light",
    CameraNotAssessable.LIGHT_CHANGING: "the light was changing",
    CameraNotAssessable.TOO_FEW_PICTURES: "too few pictures yet",
    CameraNotAssessable.NO_CHECK: "no check of the picture could be made",
    Unknown.NOT_RUNNING: "Sightline did not run",
    Unknown.INGEST_SILENT: "ingest was silent",
    Unknown.SCORING_BEHIND: "scoring was too far behind",
    Unknown.BEFORE_RECORDS: "before this version kept the time",
    LEARNING: "some checks still lacked their baseline",
}


@dataclass(frozen=True, slots=True)
class VerdictSpan:
    """One camera in one state from `since` on and before `until`.

    `cause` is a fault's key, a `CameraNotAssessable`, an `Unknown`, `LEARNING` or "". Spans of one camera do
    not overlap; none reaches over midnight UTC, so that a span that covers a moment began less than a day before it.
    """

    stream_id: str
    since: datetime
    until: datetime
    state: TimeState
    cause: str = ""
    light: LightMode | None = None

    def continues(self, earlier: "VerdictSpan") -> bool:
        """Return whether this span only prolongs `earlier`."""
        same = (self.stream_id, self.state, self.cause, self.light)
        return (
            same == (earlier.stream_id, earlier.state, earlier.cause, earlier.light)
            and self.since == earlier.until
            and next_midnight(earlier.since) >= self.until
        )


def next_midnight(at: datetime) -> datetime:
    """Return the first midnight in UTC after `at`."""
    return datetime.combine(at.astimezone(UTC).date() + timedelta(days=1), time(), UTC)


def split_at_midnights(span: VerdictSpan) -> Iterator[VerdictSpan]:
    """Yield the parts of a span that lie within one day in UTC."""
    since = span.since
    while (midnight := next_midnight(since)) < span.until:
        yield replace(span, since=since, until=midnight)
        since = midnight
    if since < span.until:
        yield replace(span, since=since)


def join_spans(spans: Iterable[VerdictSpan]) -> tuple[VerdictSpan, ...]:
    """Return the spans of several cameras, each one's oldest first; what only prolongs a span is joined to it."""
    joined: dict[str, list[VerdictSpan]] = {}
    for span in spans:
        spans_of_stream = joined.setdefault(span.stream_id, [])
        if spans_of_stream and span.continues(spans_of_stream[-1]):
            spans_of_stream[-1] = replace(spans_of_stream[-1], until=span.until)
        else:
            spans_of_stream.append(span)
    return tuple(span for spans_of_stream in joined.values() for span in spans_of_stream)


@dataclass(frozen=True, slots=True)
class Cut:
    """A stretch of one camera's time to add up; `key` names the sum it belongs to."""

    key: int
    stream_id: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class StateSum:
    """Exact time in one state within all cuts of one key."""

    key: int
    state: TimeState
    cause: str
    light: LightMode | None
    duration: timedelta


@dataclass(frozen=True, slots=True)
class WatchChange:
    """From `at` on a camera is watched or not: it was added, changed, switched on or off, or retired."""

    stream_id: str
    at: datetime
    watched: bool
    site: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class MaintenanceWindow:
    """A time announced for work on cameras: shown in reports and left out of their percentages.

    It holds for the cameras that match every scope given; with none of them it holds for all.
    """

    window_id: str
    since: datetime
    until: datetime
    """Not included."""
    camera: str = ""
    """"" for every camera; `site` and `group` likewise."""
    site: str = ""
    group: str = ""
    reason: str = ""
    by: str = ""
    """Who announced it."""

    def covers(self, camera: str, site: str, group: str) -> bool:
        """Return whether it holds for this camera."""
        pairs = ((self.camera, camera), (self.site, site), (self.group, group))
        return all(not scope or scope == value for scope, value in pairs)


@dataclass(frozen=True, slots=True)
class MetricSeries:
    """Rolled-up means of one metric of one camera, oldest first; `at_s` are seconds since 1970."""

    stream_id: str
    at_s: NDArray[np.int64] = field(compare=False)
    mean: NDArray[np.float64] = field(compare=False)
