"""What is read back from storage: rows for people, charts and reports."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.cameras import ConnectionState
from domain.frames import FrameRef


class Resolution(StrEnum):
    FRAME = "frame"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class ScorePoint:
    """One metric over one span starting at `at`: mean, least and greatest of `count` frames."""

    at: datetime
    mean: float
    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class StoredScores:
    """One stored frame row."""

    ref: FrameRef
    values: Mapping[str, float]
    missing: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StreamSession:
    """One connection to a camera, from its first status to its last."""

    stream_id: str
    session_id: str
    started_at: datetime
    last_seen_at: datetime
    """Its newest status or frame."""
    state: ConnectionState
    reason: str
    """Why it is not live, "" while it is."""
    frames_offered: int
    """Frames chosen by the sampling plan; each has a sequence number."""
    frames_dropped: int
    """Of these, the ones that were dropped and counted."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what, when. Append-only."""

    at: datetime
    by: str
    """A user, a key or a person by name."""
    action: str
    subject: str
    """What it was done to."""
    detail: str = ""
    """Never holds credentials."""
    camera: str = ""
    """What it was about, "" for none; with `site` it decides who may read the line."""
    site: str = ""
    client: str = ""
    """The address that asked; storage fills it in."""
    via: str = ""
    """How it was known who asks; storage fills it in."""
    number: int = field(default=0, compare=False)
    """Counts up."""


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """One learned model: on or off and why, whether it scores pictures here, and the checksum of its weights."""

    name: str
    """Its key in the settings (`models.NAME`)."""
    title: str
    state: str
    judges: bool
    """Whether it scores pictures of cameras here."""
    summary: str
    """Why it is in this state, with the next step."""
    every_s: float
    """Seconds between two pictures of one camera that it scores."""
    metrics: tuple[str, ...] = ()
    """Keys of the metrics it gives."""
    sha256: str = ""
    """Of its weights, "" where it has none here."""
    licence: str = ""
