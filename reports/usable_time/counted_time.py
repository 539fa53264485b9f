"""Which part of a period counts for a camera: when it was watched, less announced maintenance. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.verdict_time import MaintenanceWindow, WatchChange
from reports.usable_time.intervals import Interval, intersect, join, subtract
from reports.usable_time.periods import Stretch


@dataclass(frozen=True, slots=True)
class Watched:
    """One camera in one period: where it belongs at its end, and which instants count.

    `counted`, `maintenance` and what is in neither (not watched) make up the period.
    """

    name: str
    site: str
    group: str
    counted: tuple[Interval, ...]
    maintenance: tuple[Interval, ...]
    retired: bool = False


def changes_by_camera(changes: Iterable[WatchChange]) -> Mapping[str, Sequence[WatchChange]]:
    """Return each camera's changes, oldest first."""
    found: dict[str, list[WatchChange]] = {}
    for change in sorted(changes, key=lambda each: (each.stream_id, each.at)):
        found.setdefault(change.stream_id, []).append(change)
    return found


def find_counted_time(
    changes: Sequence[WatchChange], whole: Stretch, windows: Iterable[MaintenanceWindow]
) -> Watched | None:
    """Return what counts of `whole` for the camera of these changes; None where it was not watched at all in it."""
    period = [(whole.since, whole.until)]
    found = _find_watched(changes, whole)
    watched = intersect(join(stretch for _, stretch in found), period)
    if not watched:
        return None
    last = place_at(changes, whole.until)
    maintenance = intersect(watched, _find_maintenance(found, list(windows)))
    counted = subtract(watched, maintenance)
    return Watched(last.stream_id, last.site, last.group, tuple(counted), tuple(maintenance), retired=not last.watched)


def place_at(changes: Sequence[WatchChange], at: datetime) -> WatchChange:
    """Return the last of a camera's changes before `at`, which says where it hangs then; the first where none is."""
    return next((change for change in reversed(changes) if change.at < at), changes[0])


def _find_watched(changes: Sequence[WatchChange], whole: Stretch) -> Sequence[tuple[WatchChange, Interval]]:
    """Return when the camera was watched, each stretch with the change that began it."""
    ends = [change.at for change in changes[1:]] + [whole.until]
    return [(change, (change.at, end)) for change, end in zip(changes, ends, strict=True) if change.watched]


def _find_maintenance(
    found: Sequence[tuple[WatchChange, Interval]], windows: Sequence[MaintenanceWindow]
) -> Sequence[Interval]:
    """Return the time announced; a site's work holds for a camera only while it hangs there."""
    return join(
        common
        for change, stretch in found
        for window in windows
        if window.covers(change.stream_id, change.site, change.group)
        for common in intersect([stretch], [(window.since, window.until)])
    )
