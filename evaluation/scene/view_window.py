"""A stream's present background against its baseline: a short window of structures, compared whenever it changes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from domain.cameras import Mask
from evaluation.policy import Policy
from evaluation.scene.background import Comparison, compare_backgrounds, find_background, stillness_of
from evaluation.scene.registration import Alignment, match_in_place
from evaluation.scene.structure_comparison import LEAST_ENERGY, BlockStructure

SAMPLES = 5
"""Structures in a window, spread over its seconds."""
LEAST_SAMPLES = 3
"""Kept however old they are: what stays still is not told from one picture."""
LEAST_S = 1.0
"""A comparison counts on for at least so long while a new view has been seen once only."""
FLAT_SHARE = 0.8
"""Two pictures without edges in so many blocks show the same: a cover."""
CUT_MATCH = 0.5
"""Earlier pictures that the present one matches less than this are of another view: the window begins after them."""


@dataclass(frozen=True, slots=True)
class ViewWindow:
    """The window, and the last comparison that it gave; `learned` is the background it was compared with."""

    samples: tuple[tuple[datetime, BlockStructure], ...] = field(default=(), compare=False, repr=False)
    learned: BlockStructure | None = field(default=None, compare=False, repr=False)
    comparison: Comparison = Comparison({})
    compared_at: datetime | None = None

    def follow(
        self,
        now: datetime,
        seen: BlockStructure | None,
        learned: BlockStructure | None,
        masks: Sequence[Mask],
        policy: Policy,
    ) -> "ViewWindow":
        """Return the window after one more picture.

        While it holds one picture only, the last comparison counts on for as long as a window lasts.
        """
        samples = self.samples if seen is None else self._add(now, seen, policy)
        if learned is None:
            return ViewWindow(samples)
        if samples is self.samples and learned is self.learned:
            return self
        if len(samples) < 2 and self._counts_on(now, policy):
            return ViewWindow(samples, self.learned, self.comparison, self.compared_at)
        background = find_background([structure for _, structure in samples])
        assert background is not None
        return ViewWindow(samples, learned, compare_backgrounds(background, learned, masks), now)

    def _counts_on(self, now: datetime, policy: Policy) -> bool:
        if self.compared_at is None:
            return False
        return (now - self.compared_at).total_seconds() <= max(policy.background_s, LEAST_S)

    def emptied(self) -> "ViewWindow":
        """Return a window that knows nothing, for another light."""
        return ViewWindow()

    def _add(self, now: datetime, seen: BlockStructure, policy: Policy) -> tuple[tuple[datetime, BlockStructure], ...]:
        samples = self.samples
        if samples and (now - samples[-1][0]).total_seconds() < policy.background_s / SAMPLES:
            return samples
        kept = [each for each in samples if (now - each[0]).total_seconds() <= policy.background_s]
        kept = kept if len(kept) >= LEAST_SAMPLES - 1 else list(samples[-(LEAST_SAMPLES - 1) :])
        kept = kept[-(SAMPLES - 1) :]
        if kept and not (_same_view(seen, kept[-1][1]) and _same_view(seen, kept[0][1])):
            kept = _since_change(seen, kept)
        return (*kept, (now, seen))


def _since_change(
    seen: BlockStructure, samples: Sequence[tuple[datetime, BlockStructure]]
) -> list[tuple[datetime, BlockStructure]]:
    """Return the latest of the samples, as far back as they show the present view."""
    alike: list[tuple[datetime, BlockStructure]] = []
    for sample in reversed(samples):
        if not _same_view(seen, sample[1]):
            break
        alike.insert(0, sample)
    return alike


def _same_view(seen: BlockStructure, before: BlockStructure) -> bool:
    if seen.shape != before.shape:
        return False
    if match_in_place(seen, before, stillness_of(before)) >= CUT_MATCH:
        return True
    flat = (np.nan_to_num(seen[..., 1]) < LEAST_ENERGY) & (np.nan_to_num(before[..., 1]) < LEAST_ENERGY)
    return float(flat.mean()) >= FLAT_SHARE


def describe_move(comparison: Comparison, least_agreement: float) -> str:
    """Return in words how the view has moved: by how much, or that another scene is shown."""
    where = comparison.alignment
    if where is None or comparison.values["shift_agreement"] < least_agreement:
        return "another scene is in view than the learned one"
    return f"the same scene, {_describe(where)}"


def _describe(where: Alignment) -> str:
    parts = []
    if abs(where.right) >= 0.015:
        parts.append(f"{abs(where.right):.0%} of the picture's width to the {'right' if where.right > 0 else 'left'}")
    if abs(where.down) >= 0.025:
        parts.append(f"{abs(where.down):.0%} of its height {'down' if where.down > 0 else 'up'}")
    words = ["shifted " + " and ".join(parts)] if parts else []
    if where.zoom != 1.0:
        words.append(f"zoomed {where.zoom:.1f} times")
    if where.turn_deg:
        words.append(f"turned by {abs(where.turn_deg):.0f}° {'clockwise' if where.turn_deg > 0 else 'anticlockwise'}")
    return ", ".join(words) or "slightly shifted"
