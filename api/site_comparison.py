"""Cameras that stand out at their site while their own baseline is still being learned. Pure.

Until then nothing is known of what is usual for a camera itself, and what the site's other cameras show now is the
next best. Afterwards its own baseline judges alone, so that the two never contradict each other.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from api.camera_status import is_stale
from domain.baselines import LightMode
from domain.cameras import Camera
from domain.faults import Fault
from domain.messages import StreamSnapshot
from domain.metrics import MetricSpec
from evaluation.alerting.root_cause import rank, root_causes
from evaluation.fleet import COMPARED, PIXELS, FleetFinding, compare_cameras


@dataclass(frozen=True, slots=True)
class StandOut:
    """One camera that shows something alone at its site: its faults by cause, with the reason of the first."""

    camera: str
    site: str
    faults: tuple[Fault, ...]
    reason: str


def find_standouts(
    cameras: Mapping[str, Camera],
    snapshots: Mapping[str, StreamSnapshot],
    now: datetime,
    metrics: Mapping[str, MetricSpec],
) -> tuple[StandOut, ...]:
    """Return the learning cameras that stand out among those of their site in the same light, worst cause first.

    Only what was judged lately counts, and a camera that is switched off does not.
    """
    groups: dict[tuple[str, LightMode], dict[str, Mapping[str, float]]] = {}
    for name, snapshot, mode in _comparable(cameras, snapshots, now):
        groups.setdefault((cameras[name].site, mode), {})[name] = _numbers(snapshot)
    standouts = [
        _describe_outlier(name, site, findings)
        for (site, _), measured in groups.items()
        for name, findings in compare_cameras(measured, metrics).items()
        if snapshots[name].learning_until is not None
    ]
    return tuple(sorted(standouts, key=lambda one: (rank(one.faults[0]), one.site, one.camera)))


def _comparable(
    cameras: Mapping[str, Camera], snapshots: Mapping[str, StreamSnapshot], now: datetime
) -> Iterator[tuple[str, StreamSnapshot, LightMode]]:
    for name, camera in cameras.items():
        snapshot = snapshots.get(name)
        if snapshot is None or snapshot.mode is None or snapshot.settling or not camera.enabled:
            continue
        if not is_stale(snapshot, now):
            yield name, snapshot, snapshot.mode


def _numbers(snapshot: StreamSnapshot) -> Mapping[str, float]:
    numbers = {metric: snapshot.values[metric] for metric in COMPARED if metric in snapshot.values}
    counters = None if snapshot.status is None else snapshot.status.counters
    return numbers if counters is None else {**numbers, PIXELS: float(counters.width * counters.height)}


def _describe_outlier(name: str, site: str, findings: tuple[FleetFinding, ...]) -> StandOut:
    faults = root_causes([one.fault for one in findings])
    symptoms = sorted({one.fault for one in findings} - set(faults), key=rank)
    reason = next(one.reason for one in findings if one.fault is faults[0])
    return StandOut(name, site, (*faults, *symptoms), reason)
