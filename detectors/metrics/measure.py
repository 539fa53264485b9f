"""Everything that is measured of a picture without learned weights: one call a picture, one against the one before."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from detectors.metrics.analogue import AnalogueMetrics
from detectors.metrics.blur import BlurMetrics
from detectors.metrics.coding import CodingMetrics
from detectors.metrics.colour import ColourMetrics
from detectors.metrics.contrast import ContrastMetrics
from detectors.metrics.exposure import ExposureMetrics
from detectors.metrics.motion import MotionMetrics, RememberedPicture
from detectors.metrics.noise import NoiseMetrics
from detectors.metrics.picture.arrays import Floats
from detectors.metrics.picture.decoded_picture import DecodedPicture, read_picture
from detectors.metrics.texture import TextureMetrics
from domain.cameras import Mask
from domain.frames import Frame
from domain.metrics import MetricSpec

STRUCTURE_NAME, STRUCTURE_FINGERPRINT = "structure", "structure-2"


class MetricGroup(Protocol):
    """Numbers of one kind, measured in single pictures. Stateless."""

    name: str
    fingerprint: str
    """Names the code behind the numbers; stored with every score."""

    @property
    def metrics(self) -> tuple[MetricSpec, ...]:
        """What each number means."""
        ...

    def measure(self, picture: DecodedPicture) -> Mapping[str, float]:
        """Return a number for each metric's key; NaN where this picture cannot be measured."""
        ...


GROUPS: Mapping[str, MetricGroup] = {
    group.name: group
    for group in (
        *(ExposureMetrics(), ContrastMetrics(), BlurMetrics(), NoiseMetrics()),
        *(AnalogueMetrics(), ColourMetrics(), CodingMetrics(), TextureMetrics()),
    )
}
"""A new group is a file, a line here, a test, and a row in docs/metrics.md."""
MOTION = MotionMetrics()


@dataclass(frozen=True, slots=True)
class MetricSet:
    """What is measured: groups of single pictures, and change from one to the next where `motion` is given."""

    groups: tuple[MetricGroup, ...]
    motion: MotionMetrics | None = MOTION

    @property
    def fingerprints(self) -> dict[str, str]:
        """Fingerprint by name, of the block structure as well, which is always described."""
        parts = {group.name: group.fingerprint for group in self.groups}
        if self.motion is not None:
            parts[self.motion.name] = self.motion.fingerprint
        return parts | {STRUCTURE_NAME: STRUCTURE_FINGERPRINT}

    @property
    def specs(self) -> tuple[MetricSpec, ...]:
        """The meaning of every number of the set."""
        single = tuple(spec for group in self.groups for spec in group.metrics)
        return single if self.motion is None else (*single, *self.motion.metrics)


ALL_METRICS = MetricSet(tuple(GROUPS.values()))


def choose_metrics(names: Collection[str] | None = None) -> MetricSet:
    """Return the groups of these names, None for all of them; names of others are passed over."""
    if names is None:
        return ALL_METRICS
    groups = tuple(group for name, group in GROUPS.items() if name in names)
    return MetricSet(groups, MOTION if MOTION.name in names else None)


@dataclass(frozen=True, slots=True)
class PictureNumbers:
    """The numbers of one picture (NaN where one cannot be measured), its structure, and what the next one needs."""

    values: Mapping[str, float]
    structure: Floats
    """(rows, columns, 10), see `block_structure`."""
    remembered: RememberedPicture


def measure_picture(frame: Frame, masks: Sequence[Mask] = (), metrics: MetricSet = ALL_METRICS) -> PictureNumbers:
    """Return what a set of metrics measures of a frame; masked regions are left out.

    Raises `FrameRejected` where the frame's planes do not fit its format.
    """
    picture = read_picture(frame, masks)
    values: dict[str, float] = {}
    for group in metrics.groups:
        values.update(group.measure(picture))
    return PictureNumbers(values, picture.structure, MOTION.remember(picture))


def compare_pictures(now: RememberedPicture, before: RememberedPicture) -> Mapping[str, float] | None:
    """Return the numbers of change from one picture to the next, None where their sizes differ."""
    return MOTION.compare(now, before) if now.luma.shape == before.luma.shape else None
