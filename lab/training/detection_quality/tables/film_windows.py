"""Windows of a film: the mean of each measure beside the average precision, and how the two correlate."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lab.training.augment.video_compression import EncoderSetting
from lab.training.datasets.people_boxes import Boxes
from lab.training.detection_quality.tables.average_precision import average_precision
from lab.training.detection_quality.tables.film_measurements import FilmMeasurement
from lab.training.detection_quality.tables.films import Footage
from lab.training.measures.correlations import krcc, plcc, srocc

WINDOW = 100
"""Pictures, not overlapping: the paper's."""
SHORT_WINDOW = 25
"""Ours, for clips of a few seconds: 100 pictures are more than the shortest has."""
DRAWS, SEED = 500, 2021
"""Of the bootstrap."""
CERTAIN = 0.4
"""A detector's own findings in the untouched picture count as true from this score on, where nobody drew boxes."""


@dataclass(frozen=True)
class FilmWindow:
    """One window of one film at one setting; `ap_drop` is what the same window of the untouched film has more.

    `start` is its first picture: windows that begin at one picture of a film show one place in time.
    """

    film: str
    setting: EncoderSetting
    values: Mapping[str, float]
    ap: float
    ap_drop: float
    start: int = 0


def cut_windows(shots: Sequence[Footage], samples: Sequence[FilmMeasurement], length: int) -> list[FilmWindow]:
    """Every window at every setting of films measured; one without true boxes is judged by the detector's own
    findings in the untouched film.

    A last window of less than half the length is left out, and one without anybody in it.
    """
    films = {shot.film.name: shot for shot in shots}
    untouched = {sample.film: sample for sample in samples if sample.setting is None}
    return [
        window
        for sample in samples
        if sample.setting is not None
        for window in _of(sample, sample.setting, untouched[sample.film], films[sample.film], length)
    ]


def _of(
    sample: FilmMeasurement, setting: EncoderSetting, untouched: FilmMeasurement, shot: Footage, length: int
) -> Iterator[FilmWindow]:
    end = int(sample.places[-1]) + 1
    for start in range(0, end, length):
        if start and end - start < length / 2:
            return
        chosen = np.flatnonzero((sample.places >= start) & (sample.places < start + length))
        boxes = [_true(untouched, shot, int(index)) for index in chosen.tolist()]
        ap, before = (
            average_precision([one.found[index].of_class(shot.film.kind) for index in chosen.tolist()], boxes)
            for one in (sample, untouched)
        )
        if np.isfinite(ap):
            values = {name: float(np.mean(column[chosen])) for name, column in sample.values.items()}
            yield FilmWindow(sample.film, setting, values, ap, before - ap, start)


def _true(untouched: FilmMeasurement, shot: Footage, index: int) -> Boxes:
    if shot.truth is not None:
        return shot.truth[int(untouched.places[index])]
    return untouched.found[index].of_class(shot.film.kind).above(CERTAIN).boxes


def correlate_windows(found: Sequence[FilmWindow], measure: str, *, against: str = "ap") -> dict[str, float]:
    """LCC, SRCC and KRCC of a measure with `ap` or `ap_drop` over windows; signs as they come."""
    values = np.array([window.values[measure] for window in found])
    labels = np.array([getattr(window, against) for window in found])
    return {"lcc": plcc(values, labels), "srcc": srocc(values, labels), "krcc": krcc(values, labels)}


def correlation_intervals(found: Sequence[FilmWindow], measure: str) -> dict[str, tuple[float, float]]:
    """95 % of the absolute LCC, SRCC and KRCC over places in time, drawn with all their encodings together.

    Windows of one place are nearly the same pictures, so they are no draws of their own.
    """
    drawn = [correlate_windows(windows, measure) for windows in draw_places(found)]
    return {name: _interval([abs(one[name]) for one in drawn]) for name in ("lcc", "srcc", "krcc")}


def bootstrap_advantage(
    found: Sequence[FilmWindow], measure: str, other: str, column: str
) -> tuple[float, float, float]:
    """How much larger the absolute correlation `column` of one measure is than another's, with its 95 % interval."""

    def advantage(windows: Sequence[FilmWindow]) -> float:
        mine, others = correlate_windows(windows, measure), correlate_windows(windows, other)
        return abs(mine[column]) - abs(others[column])

    return advantage(found), *_interval([advantage(windows) for windows in draw_places(found)])


def draw_places(found: Sequence[FilmWindow], *, draws: int = DRAWS, seed: int = SEED) -> Iterator[list[FilmWindow]]:
    """As many places in time as there are, drawn with return, each with its windows at every setting."""
    places: dict[tuple[str, int], list[FilmWindow]] = {}
    for window in found:
        places.setdefault((window.film, window.start), []).append(window)
    members = list(places.values())
    generator = np.random.default_rng(seed)
    for _ in range(draws):
        yield [window for row in generator.integers(0, len(members), len(members)) for window in members[row]]


def _interval(values: Sequence[float]) -> tuple[float, float]:
    low, high = np.nanpercentile(values, (2.5, 97.5))
    return float(low), float(high)
