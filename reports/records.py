"""A report as records: everything that every format shows, and nothing about how."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain.baselines import LightMode
from evaluation.alerting.alarm_precision import FaultPrecision
from reports.measures.decline import Decline
from reports.measures.quality import BucketSpread, Spread
from reports.measures.reliability import Reliability
from reports.usable_time.periods import Stretch
from reports.usable_time.time_parts import TimeParts


@dataclass(frozen=True, slots=True)
class Summary:
    """One camera, or several together, over the period; `before` is the period before, None where nothing counted then.

    `by_light` holds usable and judged microseconds by day and by night.
    """

    parts: TimeParts
    before: TimeParts | None
    by_light: Mapping[LightMode, tuple[int, int]]
    reliability: Reliability
    spreads: Sequence[Spread] = ()
    cameras: int = 1

    @property
    def trend(self) -> float | None:
        """Return by how many percentage points the usable share changed against the period before."""
        if self.before is None or self.before.usable is None or self.parts.usable is None:
            return None
        return 100 * (self.parts.usable - self.before.usable)


@dataclass(frozen=True, slots=True)
class CameraReport:
    """One camera; `retired` says that it was no longer watched at the period's end."""

    name: str
    site: str
    group: str
    summary: Summary
    retired: bool = False


@dataclass(frozen=True, slots=True)
class GroupReport:
    name: str
    summary: Summary


@dataclass(frozen=True, slots=True)
class Bucket:
    """The time of a site's cameras in one local day or week."""

    stretch: Stretch
    parts: TimeParts


@dataclass(frozen=True, slots=True)
class SiteReport:
    """One site in its own time zone."""

    name: str
    zone: str
    """IANA name."""
    whole: Stretch
    """The period, from its first day's midnight to its last one's."""
    summary: Summary
    """Of all its cameras together."""
    groups: Sequence[GroupReport]
    cameras: Sequence[CameraReport]
    buckets: Sequence[Bucket]
    """Hours or days, oldest first."""
    courses: Mapping[str, Sequence[BucketSpread]] = field(default_factory=dict)
    """By metric, how it was distributed in each bucket."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which cameras were asked for; "" means all."""

    site: str = ""
    group: str = ""
    camera: str = ""

    @property
    def label(self) -> str:
        parts = (("site", self.site), ("group", self.group), ("camera", self.camera))
        return ", ".join(f"{what} {name}" for what, name in parts if name) or "all cameras"


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a report says."""

    label: str
    scope: Scope
    """Sites, cameras and time that it is about."""
    generated_at: datetime
    version: str
    """Of Sightline."""
    summary: Summary
    sites: Sequence[SiteReport]
    worst: Sequence[CameraReport]
    """Cameras with the least usable time, worst first."""
    flapping: Sequence[CameraReport]
    """Cameras whose connection came and went."""
    declines: Sequence[Decline]
    """Trends for the worse."""
    models: Mapping[str, Sequence[str]]
    """A detector's name to the fingerprints of what produced its numbers in the period."""
    notes: Sequence[str] = ()
    """What limits the report, in sentences."""
    precision: Sequence[FaultPrecision] = ()
    """What people answered to the incidents that opened in the period."""
    unanswered: int = 0
    """Of these incidents, those that nobody called right or wrong."""

    @property
    def cameras(self) -> Sequence[CameraReport]:
        return [camera for site in self.sites for camera in site.cameras]
