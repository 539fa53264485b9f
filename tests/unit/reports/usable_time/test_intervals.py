"""Sets of instants against sets of numbered seconds."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from reports.usable_time.intervals import Interval, cut_into, intersect, join, subtract, total

START = datetime(2026, 1, 1, tzinfo=UTC)


def draw(chance: random.Random) -> list[Interval]:
    pairs = [(chance.randrange(60), chance.randrange(12)) for _ in range(chance.randrange(8))]
    return [(START + timedelta(seconds=at), START + timedelta(seconds=at + length)) for at, length in pairs]


def seconds(intervals: list[Interval]) -> set[int]:
    return {
        second
        for since, until in intervals
        for second in range(round((since - START).total_seconds()), round((until - START).total_seconds()))
    }


def test_they_agree_with_sets_of_seconds() -> None:
    chance = random.Random(1)
    for _ in range(300):
        one, other = draw(chance), draw(chance)
        joined, others = join(one), join(other)
        assert seconds(joined) == seconds(one)
        assert seconds(intersect(joined, others)) == seconds(one) & seconds(other)
        assert seconds(subtract(joined, others)) == seconds(one) - seconds(other)
        assert total(joined).total_seconds() == len(seconds(one))
        assert all(before[1] < after[0] for before, after in pairwise(joined))


def test_pieces_hold_what_lies_in_each() -> None:
    chance = random.Random(2)
    for _ in range(300):
        intervals, pieces = join(draw(chance)), join(draw(chance))
        found = cut_into(intervals, pieces)
        assert found == [intersect(intervals, [piece]) for piece in pieces]
        assert [seconds(each) for each in found] == [seconds(intervals) & seconds([piece]) for piece in pieces]
