"""Sets of instants as sorted, disjoint stretches: joined, intersected, subtracted. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

Interval: TypeAlias = tuple[datetime, datetime]
"""From the first instant on and before the second."""


def join(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the same instants as sorted intervals that neither touch nor overlap."""
    joined: list[Interval] = []
    for since, until in sorted(interval for interval in intervals if interval[0] < interval[1]):
        if joined and since <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], until))
        else:
            joined.append((since, until))
    return joined


def intersect(ones: Sequence[Interval], others: Sequence[Interval]) -> list[Interval]:
    """Return the instants in both; each argument is sorted and disjoint."""
    common: list[Interval] = []
    one = other = 0
    while one < len(ones) and other < len(others):
        since = max(ones[one][0], others[other][0])
        until = min(ones[one][1], others[other][1])
        if since < until:
            common.append((since, until))
        if ones[one][1] <= others[other][1]:
            one += 1
        else:
            other += 1
    return common


def cut_into(intervals: Sequence[Interval], pieces: Sequence[Interval]) -> list[list[Interval]]:
    """Return for each piece the instants of `intervals` in it; each argument is sorted and disjoint."""
    found: list[list[Interval]] = [[] for _ in pieces]
    first = 0
    for since, until in intervals:
        while first < len(pieces) and pieces[first][1] <= since:
            first += 1
        for place in range(first, len(pieces)):
            if pieces[place][0] >= until:
                break
            found[place].append((max(since, pieces[place][0]), min(until, pieces[place][1])))
    return found


def subtract(whole: Sequence[Interval], holes: Sequence[Interval]) -> list[Interval]:
    """Return the instants of `whole` that are in no hole; each argument is sorted and disjoint."""
    left: list[Interval] = []
    for since, until in whole:
        start = since
        for hole_since, hole_until in holes:
            if hole_until <= start:
                continue
            if hole_since >= until:
                break
            if hole_since > start:
                left.append((start, hole_since))
            start = max(start, hole_until)
        if start < until:
            left.append((start, until))
    return left


def total(intervals: Iterable[Interval]) -> timedelta:
    """Return how long disjoint intervals are together."""
    return sum((until - since for since, until in intervals), timedelta())
