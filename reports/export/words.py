"""A report's figures and causes in a guard's words. Pure."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.faults import FAULT_LABELS, Fault
from domain.verdict_time import CAUSE_LABELS
from reports.usable_time.time_parts import TimeParts

NOTHING = "-"
"""Shown where there is no figure: never a zero that was not measured."""

PART_LABELS = {
    "usable": "usable",
    "fault": "lost to faults",
    "not_assessable": "not assessable",
    "unknown": "unknown",
    "maintenance": "maintenance",
    "unwatched": "not watched",
}


def percent(share: float | None, digits: int = 2) -> str:
    """Return a share of 1 as percent, rounded down at the top: 99.999 % is never called 100 %."""
    if share is None:
        return NOTHING
    shown = round(100 * share, digits)
    if shown == 100 and share < 1:
        shown -= 10**-digits
    return f"{shown:.{digits}f} %"


def points(trend: float | None) -> str:
    """Return a change in percentage points with its sign."""
    return NOTHING if trend is None else f"{trend:+.2f} points"


def count(number: int, thing: str) -> str:
    """Return "1 camera" or "2 cameras"."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def duration(seconds: float | None) -> str:
    """Return a duration in its two largest units, such as "2 d 3 h" or "4 min 10 s"."""
    if seconds is None:
        return NOTHING
    left = round(seconds)
    parts: list[str] = []
    for unit, width in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, width)
        if count or parts or unit == "s":
            parts.append(f"{count} {unit}" if count else "")
        if len(parts) == 2:
            break
    return " ".join(part for part in parts if part) or "0 s"


def moment(at: datetime, zone: str) -> str:
    """Return an instant with its zone and date, as a person of the site reads it."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M %Z}"


def cause(part: str) -> str:
    """Return a part such as `fault:blur` in words."""
    kind, _, key = part.partition(":")
    if not key:
        return PART_LABELS.get(kind, kind)
    if kind == "fault" and key in set(Fault):
        return FAULT_LABELS[Fault(key)]
    return CAUSE_LABELS.get(key, key.replace("_", " "))


def largest_fault(parts: TimeParts) -> str:
    """Return the fault that cost most time, in words, with that time; "-" where none cost any."""
    if not parts.fault_time:
        return NOTHING
    key, amount = max(parts.faults.items(), key=lambda item: (item[1], item[0]))
    return f"{cause(f'fault:{key}')} ({duration(amount / 1e6)})"


def by_kind(values: Mapping[str, float]) -> dict[str, float]:
    """Return the values of parts such as `fault:blur` added up by kind."""
    added = {kind: 0.0 for kind in PART_LABELS if kind in ("usable", "fault", "not_assessable", "unknown")}
    for part, value in values.items():
        kind = part.partition(":")[0]
        added[kind] = added.get(kind, 0.0) + value
    return {kind: round(value, 3) for kind, value in added.items()}
