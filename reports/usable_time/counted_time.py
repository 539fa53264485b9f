"""Which part of a period counts for a camera: when it was watched, less announced maintenance. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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
    watched = intersect(_find_watched(changes, whole), period)
    if not watched:
        return None
    last = [change for change in changes if change.at < whole.until][-1]
    announced = [
        (window.since, window.until) for window in windows if window.covers(last.stream_id, last.site, last.group)
    ]
    maintenance = intersect(watched, join(announced))
    counted = subtract(watched, maintenance)
    return Watched(last.stream_id, last.site, last.group, tuple(counted), tuple(maintenance), retired=not last.watched)


def _find_watched(changes: Sequence[WatchChange], whole: Stretch) -> list[Interval]:
    found: list[Interval] = []
    for index, change in enumerate(changes):
        until = changes[index + 1].at if index + 1 < len(changes) else whole.until
        if change.watched:
            found.append((change.at, until))
    return join(found)
