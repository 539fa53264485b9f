"""Where a stretch of time went: exact parts that add up to the whole. Pure.

Seconds and percentages are rounded by the largest remainder, so that what is shown adds up as well.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from domain.baselines import LightMode
from domain.verdict_time import LEARNING, StateSum, TimeState, Unknown

_MICROSECOND = timedelta(microseconds=1)
_SECOND_US = 1_000_000
SHARE_DIGITS = 3
"""Digits after the point of a percentage: 0.001 % of a year is five minutes."""
_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True)
class TimeParts:
    """Microseconds of one camera, or of several together, by what they were."""

    ok: int = 0
    """`learning` included."""
    learning: int = 0
    """The part of `ok` in which some checks lacked their baseline."""
    faults: Mapping[str, int] = field(default_factory=dict)
    """By key of the headline."""
    not_assessable: Mapping[str, int] = field(default_factory=dict)
    """By cause."""
    unknown: Mapping[str, int] = field(default_factory=dict)
    """By cause."""
    maintenance: int = 0
    """Left out of percentages."""
    unwatched: int = 0
    """Left out of percentages."""

    @property
    def fault_time(self) -> int:
        return sum(self.faults.values())

    @property
    def counted(self) -> int:
        """The time that percentages refer to: all but maintenance and what was not watched."""
        return self.ok + self.fault_time + sum(self.not_assessable.values()) + sum(self.unknown.values())

    @property
    def whole(self) -> int:
        return self.counted + self.maintenance + self.unwatched

    @property
    def usable(self) -> float | None:
        """Share of the counted time in which the camera was usable, 0 … 1; None where nothing counts."""
        return self.ok / self.counted if self.counted else None

    def seconds(self) -> Mapping[str, int]:
        """Return whole seconds by part; they add up to the whole, rounded down."""
        return round_to_sum(self._by_part(), unit=_SECOND_US)

    def percentages(self) -> Mapping[str, float]:
        """Return percent of the counted time by part, adding up to exactly 100; nothing where no time counts."""
        parts = {part: amount for part, amount in self._by_part().items() if part not in ("maintenance", "unwatched")}
        whole = sum(parts.values())
        if not whole:
            return {}
        steps = 100 * 10**SHARE_DIGITS
        scaled = round_to_sum({part: amount * steps for part, amount in parts.items()}, unit=whole)
        return {part: round(count / 10**SHARE_DIGITS, SHARE_DIGITS) for part, count in scaled.items()}

    def _by_part(self) -> dict[str, int]:
        return {
            "usable": self.ok,
            **{f"fault:{cause}": amount for cause, amount in sorted(self.faults.items())},
            **{f"not_assessable:{cause}": amount for cause, amount in sorted(self.not_assessable.items())},
            **{f"unknown:{cause}": amount for cause, amount in sorted(self.unknown.items())},
            "maintenance": self.maintenance,
            "unwatched": self.unwatched,
        }


def round_to_sum(amounts: Mapping[_Key, int], *, unit: int) -> dict[_Key, int]:
    """Return each amount in whole units so that they add up to the whole sum's units (largest remainder, Hamilton)."""
    floors = {key: amount // unit for key, amount in amounts.items()}
    missing = sum(amounts.values()) // unit - sum(floors.values())
    by_remainder = sorted(amounts, key=lambda key: (-(amounts[key] % unit), str(key)))
    for key in by_remainder[:missing]:
        floors[key] += 1
    return floors


def parts_of(
    sums: Iterable[StateSum], *, counted: timedelta, maintenance: timedelta, unwatched: timedelta
) -> TimeParts:
    """Return the parts of one camera's time; what is not written down is unknown: Sightline did not run."""
    written: dict[TimeState, dict[str, int]] = {state: {} for state in TimeState}
    for each in sums:
        by_cause = written[each.state]
        by_cause[each.cause] = by_cause.get(each.cause, 0) + each.duration // _MICROSECOND
    unknown = written[TimeState.UNKNOWN]
    missing = counted // _MICROSECOND - sum(sum(by_cause.values()) for by_cause in written.values())
    if missing > 0:
        unknown[Unknown.NOT_RUNNING] = unknown.get(Unknown.NOT_RUNNING, 0) + missing
    return TimeParts(
        ok=sum(written[TimeState.OK].values()),
        learning=written[TimeState.OK].get(LEARNING, 0),
        faults=written[TimeState.FAULT],
        not_assessable=written[TimeState.NOT_ASSESSABLE],
        unknown=unknown,
        maintenance=maintenance // _MICROSECOND,
        unwatched=unwatched // _MICROSECOND,
    )


def add_parts(parts: Sequence[TimeParts]) -> TimeParts:
    """Return the time of several cameras, or several stretches, together."""
    return TimeParts(
        ok=sum(each.ok for each in parts),
        learning=sum(each.learning for each in parts),
        faults=_add_by_cause(each.faults for each in parts),
        not_assessable=_add_by_cause(each.not_assessable for each in parts),
        unknown=_add_by_cause(each.unknown for each in parts),
        maintenance=sum(each.maintenance for each in parts),
        unwatched=sum(each.unwatched for each in parts),
    )


def usable_by_light(sums: Iterable[StateSum]) -> Mapping[LightMode, tuple[int, int]]:
    """Return usable and judged microseconds (usable or fault) by day and by night."""
    found = {mode: [0, 0] for mode in LightMode}
    for each in sums:
        if each.light is None or each.state not in (TimeState.OK, TimeState.FAULT):
            continue
        amount = each.duration // _MICROSECOND
        found[each.light][0] += amount if each.state is TimeState.OK else 0
        found[each.light][1] += amount
    return {mode: (usable, judged) for mode, (usable, judged) in found.items()}


def _add_by_cause(mappings: Iterable[Mapping[str, int]]) -> dict[str, int]:
    added: dict[str, int] = {}
    for each in mappings:
        for cause, amount in each.items():
            added[cause] = added.get(cause, 0) + amount
    return added
