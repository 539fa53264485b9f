"""The charts of a report, each with its unit and scale: legible in black and white. Pure."""

import math
from collections.abc import Iterator, Sequence

from reports.charts.drawing import INKS, Area, Box, Drawing, Label, Line, Shape, draw_inked_box
from reports.export import words
from reports.measures.quality import BucketSpread
from reports.records import Bucket
from reports.usable_time.time_parts import TimeParts

WIDTH = 500.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 10.0, 22.0, 30.0
_STACK = ("fault", "not_assessable", "unknown")
QUALITY_TITLES = {
    "image_quality": "Image quality (0 to 100, predicted mean opinion)",
    "detectability": "Detectability (0 to 100, % of objects still found)",
}


def unusable_by_bucket(buckets: Sequence[Bucket], *, daily: bool) -> Drawing:
    """Return bars of the time that was not usable, in percent of the counted time, one a day or week."""
    shares = [words.by_kind(bucket.parts.percentages()) for bucket in buckets]
    top = _round_up(max((sum(share[kind] for kind in _STACK) for share in shares), default=0.0))
    step = "day" if daily else "week"
    height = 190.0
    frame = Box(_LEFT, _TOP + 12, WIDTH - _LEFT - _RIGHT, height - _TOP - 12 - _BOTTOM)
    shapes: list[Shape] = [Label(0, 10, f"Time that was not usable, by {step} (% of counted time)", 9, bold=True)]
    shapes += _legend(_STACK, 22)
    shapes += _scale(frame, top, "%")
    slot = frame.width / max(1, len(buckets))
    for place, share in enumerate(shares):
        bottom = frame.top + frame.height
        for kind in _STACK:
            tall = frame.height * share[kind] / top
            if tall > 0:
                bar = Box(frame.left + place * slot + slot * 0.1, bottom - tall, slot * 0.8, tall)
                shapes += draw_inked_box(bar, INKS[kind])
                bottom -= tall
    shapes += _bucket_labels([bucket.stretch.label for bucket in buckets], frame)
    worst = max((sum(share[kind] for kind in _STACK) for share in shares), default=0.0)
    return Drawing(WIDTH, height, f"Share of time that was not usable by {step}; at most {worst:.2f} %.", tuple(shapes))


def lost_time_by_fault(parts: TimeParts, most: int = 10) -> Drawing:
    """Return a bar for each fault, the longest first, in hours of camera time."""
    title: Shape = Label(0, 10, "Time lost by fault (hours of camera time)", 9, bold=True)
    ranked = sorted(parts.faults.items(), key=lambda item: (-item[1], item[0]))[:most]
    if not ranked:
        said = "nothing was lost"
        return Drawing(WIDTH, 36, f"Hours of camera time lost to each fault: {said}.", (title, Label(0, 28, said, 8)))
    top = _round_up(max(amount / 3.6e9 for _, amount in ranked))
    row, left = 15.0, 190.0
    height = _TOP + row * len(ranked) + _BOTTOM
    frame = Box(left, _TOP, WIDTH - left - 60, row * len(ranked))
    shapes: list[Shape] = [title]
    for tick in _ticks(top):
        at = frame.left + frame.width * tick / top
        shapes.append(Line(((at, frame.top), (at, frame.top + frame.height)), "#bbbbbb", 0.4))
        shapes.append(Label(at, frame.top + frame.height + 10, f"{tick:g}", 7, "middle"))
    shapes.append(Label(frame.left + frame.width, frame.top + frame.height + 20, "hours", 7, "end"))
    for place, (cause, amount) in enumerate(ranked):
        at = frame.top + place * row
        bar = Box(frame.left, at + 3, frame.width * amount / 3.6e9 / top, row - 6)
        shapes.append(Label(frame.left - 6, at + row - 4.5, words.cause(f"fault:{cause}"), 7.5, "end"))
        shapes += draw_inked_box(bar, INKS["fault"])
        shapes.append(Label(bar.left + bar.width + 4, at + row - 4.5, words.duration(amount / 1e6), 7.5))
    return Drawing(WIDTH, height, "Hours of camera time lost to each fault.", tuple(shapes))


def time_bar(parts: TimeParts) -> Drawing:
    """Return one bar of all the time, by kind, with the share of each written beside it."""
    seconds = parts.seconds()
    by_kind = dict.fromkeys(words.PART_LABELS, 0)
    for part, amount in seconds.items():
        by_kind[part.partition(":")[0]] += amount
    whole = sum(by_kind.values()) or 1
    shapes: list[Shape] = [Label(0, 10, "All time, by what it was (% of the period)", 9, bold=True)]
    at = 0.0
    for kind, amount in by_kind.items():
        wide = WIDTH * amount / whole
        if wide > 0:
            shapes += draw_inked_box(Box(at, 18, wide, 22), INKS[kind])
        at += wide
    shown = [(kind, amount) for kind, amount in by_kind.items() if amount]
    for place, (kind, amount) in enumerate(shown):
        left, top = (place % 3) * WIDTH / 3, 50 + 13 * (place // 3)
        shapes += draw_inked_box(Box(left, top, 10, 8), INKS[kind])
        said = f"{words.PART_LABELS[kind]}: {100 * amount / whole:.2f} %"
        shapes.append(Label(left + 14, top + 7.5, said, 7.5))
    height = 54.0 + 13 * max(1, -(-len(shown) // 3))
    return Drawing(WIDTH, height, "All time of all cameras by what it was.", tuple(shapes))


def quality_course(metric: str, course: Sequence[BucketSpread], labels: Sequence[str]) -> Drawing:
    """Return the median as a line and the middle 90 % as a band; days without pictures leave a gap."""
    height = 160.0
    frame = Box(_LEFT, _TOP, WIDTH - _LEFT - _RIGHT, height - _TOP - _BOTTOM)
    slot = frame.width / max(1, len(labels))
    places = {label: frame.left + slot * (place + 0.5) for place, label in enumerate(labels)}
    shapes: list[Shape] = [Label(0, 10, QUALITY_TITLES.get(metric, metric), 9, bold=True)]
    shapes.append(Label(WIDTH - _RIGHT, 10, "line: median; band: 5th to 95th percentile", 7, "end"))
    runs = _runs(course, list(labels))

    def at(value: float) -> float:
        return frame.top + frame.height * (1 - min(max(value, 0.0), 100.0) / 100)

    for run in runs:
        upper = [(places[each.label], at(each.p95)) for each in run]
        lower = [(places[each.label], at(each.p05)) for each in reversed(run)]
        shapes.append(Area((*upper, *lower), "#dcdcdc", "#777777"))
    shapes += _scale(frame, 100.0, "points")
    for run in runs:
        middle = [(places[each.label], at(each.p50)) for each in run]
        if len(middle) == 1:
            shapes.append(Box(middle[0][0] - 1.5, middle[0][1] - 1.5, 3, 3, "#111111"))
        else:
            shapes.append(Line(tuple(middle), "#111111", 1.4))
    shapes += _bucket_labels(labels, frame)
    return Drawing(WIDTH, height, f"{QUALITY_TITLES.get(metric, metric)} over the period.", tuple(shapes))


def _runs(course: Sequence[BucketSpread], labels: Sequence[str]) -> list[list[BucketSpread]]:
    order = {label: place for place, label in enumerate(labels)}
    runs: list[list[BucketSpread]] = []
    for each in course:
        if runs and order[each.label] == order[runs[-1][-1].label] + 1:
            runs[-1].append(each)
        else:
            runs.append([each])
    return runs


def _legend(kinds: Sequence[str], baseline: float) -> Iterator[Shape]:
    left = _LEFT
    for kind in kinds:
        yield from draw_inked_box(Box(left, baseline - 7, 10, 8), INKS[kind])
        said = words.PART_LABELS[kind]
        yield Label(left + 14, baseline, said, 7.5)
        left += 30 + 4.2 * len(said)


def _scale(frame: Box, top: float, unit: str) -> Iterator[Shape]:
    for tick in _ticks(top):
        at = frame.top + frame.height * (1 - tick / top)
        yield Line(((frame.left, at), (frame.left + frame.width, at)), "#bbbbbb", 0.4)
        yield Label(frame.left - 4, at + 2.5, f"{tick:g} {unit}" if unit == "%" else f"{tick:g}", 7, "end")
    bottom = frame.top + frame.height
    yield Line(((frame.left, frame.top), (frame.left, bottom), (frame.left + frame.width, bottom)), "#222222", 0.8)


def _bucket_labels(labels: Sequence[str], frame: Box) -> Iterator[Shape]:
    """Give as many dates as fit below the frame, the first and then every so many."""
    if not labels:
        return
    slot = frame.width / len(labels)
    every = max(1, math.ceil(58 / slot))
    for place in range(0, len(labels), every):
        at = frame.left + slot * (place + 0.5)
        bottom = frame.top + frame.height
        yield Line(((at, bottom), (at, bottom + 3)), "#222222", 0.6)
        yield Label(at, bottom + 12, labels[place], 7, "middle")


def _round_up(most: float) -> float:
    """Return a round number no smaller than `most`, at least a small one, so that a scale ends well."""
    if most <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(most))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= most * (1 - 1e-9))


def _ticks(top: float) -> Sequence[float]:
    return [top * place / 4 for place in range(5)]
