"""The views of a PTZ camera: its presets, distinguished while it tours, and found again by matching in place.

Several views are one structure (views x rows, columns, 11): their backgrounds one below the other, the one seen most
first. So a baseline of one view and one of many are kept alike. Pure numpy.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.scene.background import find_background, stillness_of
from evaluation.scene.registration import match_in_place
from evaluation.scene.structure_comparison import BlockStructure

MOST_VIEWS = 16
SAMPLES = 5
SAME_PRESET = 0.5
"""Two pictures whose edges match this well in place are of one preset."""
LEAST_FRAMES = 3
LEAST_SHARE = 0.01
"""A view seen in a smaller share of the frames was passed by, and is no preset."""


@dataclass(frozen=True, slots=True)
class SeenView:
    """One view: up to `SAMPLES` of its structures, every `stride`-th of the `seen` ones."""

    samples: tuple[BlockStructure, ...]
    seen: int = 1
    stride: int = 1

    def with_sample(self, structure: BlockStructure) -> "SeenView":
        samples, stride = self.samples, self.stride
        if self.seen % stride == 0:
            samples = (*samples, structure)
            if len(samples) > SAMPLES:
                samples, stride = samples[::2], 2 * stride
        return SeenView(samples, self.seen + 1, stride)


@dataclass(frozen=True, slots=True)
class PresetViews:
    """What a camera that turns on purpose was seen looking at."""

    views: tuple[SeenView, ...] = ()
    seen: int = 0

    def with_sample(self, structure: BlockStructure) -> "PresetViews":
        """Return the views after one more picture; when there are too many, the one seen least goes."""
        matches = [_match(structure, view.samples[0]) for view in self.views]
        best = int(np.argmax(matches)) if matches else -1
        if best >= 0 and matches[best] >= SAME_PRESET:
            views = list(self.views)
            views[best] = views[best].with_sample(structure)
        else:
            views = [*self.views, SeenView((structure,))]
            if len(views) > MOST_VIEWS:
                views.pop(min(range(MOST_VIEWS), key=lambda place: views[place].seen))
        return PresetViews(tuple(views), self.seen + 1)

    @property
    def rows(self) -> int:
        """Rows of blocks of one view, 0 before the first."""
        return len(self.views[0].samples[0]) if self.views else 0

    def background(self) -> BlockStructure | None:
        """Return the backgrounds of the views that were seen often enough; None where there is none."""
        least = max(LEAST_FRAMES, LEAST_SHARE * self.seen)
        often = sorted((view for view in self.views if view.seen >= least), key=lambda view: -view.seen)
        return stack_views([found for view in often if (found := find_background(view.samples)) is not None])


def stack_views(views: Sequence[BlockStructure]) -> BlockStructure | None:
    """Return views of one shape as one structure; views of another shape than the first are left out."""
    alike = [view for view in views if view.shape == views[0].shape]
    return np.concatenate(alike, axis=0) if alike else None


def split_views(learned: BlockStructure, rows: int) -> list[BlockStructure]:
    """Return the views of a learned structure, each of `rows` rows; the whole where it holds no such views."""
    if rows <= 0 or len(learned) % rows or len(learned) == rows:
        return [learned]
    return list(learned.reshape(-1, rows, *learned.shape[1:]))


def nearest_view(present: BlockStructure, learned: BlockStructure) -> BlockStructure:
    """Return the learned view that matches the seen one best in place: about .1 ms a view."""
    views = split_views(learned, len(present))
    return views[0] if len(views) == 1 else max(views, key=lambda view: _match(present, view))


def add_view(learned: BlockStructure | None, fresh: BlockStructure) -> BlockStructure:
    """Return the learned views with one more, which replaces one that it matches; the newest is kept first."""
    views = [] if learned is None else split_views(learned, len(fresh))
    others = [view for view in views if view.shape == fresh.shape and _match(fresh, view) < SAME_PRESET]
    stacked = stack_views([fresh, *others[: MOST_VIEWS - 1]])
    assert stacked is not None
    return stacked


def follow_views(learned: BlockStructure, fresh: BlockStructure, rows: int, weight: float) -> BlockStructure:
    """Return a step of `weight` of each learned view towards the fresh one that matches it; no view is added."""
    news = split_views(fresh, rows)
    followed = []
    for view in split_views(learned, rows):
        best = max(news, key=lambda new: _match(new, view))
        same = best.shape == view.shape and _match(best, view) >= SAME_PRESET
        followed.append((1 - weight) * view + weight * best if same else view)
    return np.concatenate(followed, axis=0).astype(np.float32)


def _match(present: BlockStructure, learned: BlockStructure) -> float:
    if present.shape[:2] != learned.shape[:2]:
        return -1.0
    return match_in_place(present, learned, stillness_of(learned))
