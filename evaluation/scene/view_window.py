"""A stream's present background against its baseline: a short window of structures, compared whenever it changes."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from domain.cameras import Mask
from domain.faults import Fault
from evaluation.policy import EvaluationContext, Policy
from evaluation.rules.rule_check import RuleResult
from evaluation.rules.thresholds import PICTURE_FAULT
from evaluation.scene.background import Comparison, compare_backgrounds, find_background, stillness_of
from evaluation.scene.preset_views import SAME_PRESET, nearest_view, split_views
from evaluation.scene.registration import Alignment, match_in_place
from evaluation.scene.structure_comparison import LEAST_ENERGY, BlockStructure

SAMPLES = 5
"""Structures in a window, spread over its seconds."""
LEAST_SAMPLES = 3
"""Kept however old they are: one picture does not show what stays still."""
LEAST_S = 1.0
"""A comparison counts on for at least so long while a new view has been seen once only."""
FLAT_SHARE = 0.8
"""Two pictures without edges in so many blocks show the same: a cover."""
CUT_MATCH = 0.5
"""Earlier pictures that the present one matches less than this are of another view: the window begins after them."""


@dataclass(frozen=True, slots=True)
class ViewWindow:
    """The window, and the last comparison that it gave; `learned` is the background it was compared with.

    `unmatched_since` is since when the view matches none of the learned ones in place, None where it does.
    """

    samples: tuple[tuple[datetime, BlockStructure], ...] = field(default=(), compare=False, repr=False)
    learned: BlockStructure | None = field(default=None, compare=False, repr=False)
    comparison: Comparison = Comparison({})
    compared_at: datetime | None = None
    unmatched_since: datetime | None = None

    def follow(
        self,
        now: datetime,
        present: BlockStructure | None,
        learned: BlockStructure | None,
        masks: Sequence[Mask],
        policy: Policy,
    ) -> "ViewWindow":
        """Return the window after one more picture.

        While it holds one picture only, the last comparison counts on for as long as a window lasts.
        """
        samples = self.samples if present is None else self._add(now, present, policy)
        if learned is None:
            return ViewWindow(samples)
        if samples is self.samples and learned is self.learned:
            return self
        if len(samples) < 2 and self._counts_on(now, policy):
            return replace(self, samples=samples)
        background = find_background([structure for _, structure in samples])
        assert background is not None
        comparison = compare_backgrounds(background, nearest_view(background, learned), masks)
        matched = comparison.values.get("view_match", 1.0) >= SAME_PRESET
        return ViewWindow(samples, learned, comparison, now, None if matched else self.unmatched_since or now)

    def wait_for_preset(self, fault: Fault, outcome: RuleResult, moment: EvaluationContext) -> RuleResult:
        """Return the outcome for a PTZ camera, which looks away from its presets on purpose, but not for long.

        What the picture-fault model sees by itself needs no preset.
        """
        if not outcome.bad or outcome.evidence.metric.startswith(PICTURE_FAULT):
            return outcome
        if self.unmatched_since is None or self.learned is None or not self.samples:
            return RuleResult(False)
        policy, away_s = moment.policy, (moment.now - self.unmatched_since).total_seconds()
        limit_s = policy.preset_covered_s if fault is Fault.COVERED else policy.preset_moved_s
        count = len(split_views(self.learned, len(self.samples[-1][1])))
        words = f"matches none of the {count} views of this PTZ camera for {away_s / 60:.0f} min"
        if away_s < limit_s:
            return RuleResult(None, f"{words} of {limit_s / 60:.0f}")
        return replace(outcome, reason=f"{words} ({outcome.reason})")

    def _counts_on(self, now: datetime, policy: Policy) -> bool:
        if self.compared_at is None:
            return False
        return (now - self.compared_at).total_seconds() <= max(policy.background_s, LEAST_S)

    def empty_copy(self) -> "ViewWindow":
        """Return a window that knows nothing, for another light."""
        return ViewWindow()

    def _add(
        self, now: datetime, present: BlockStructure, policy: Policy
    ) -> tuple[tuple[datetime, BlockStructure], ...]:
        samples = self.samples
        if samples and (now - samples[-1][0]).total_seconds() < policy.background_s / SAMPLES:
            return samples
        recent_samples = [each for each in samples if (now - each[0]).total_seconds() <= policy.background_s]
        recent_samples = (
            recent_samples if len(recent_samples) >= LEAST_SAMPLES - 1 else list(samples[-(LEAST_SAMPLES - 1) :])
        )
        recent_samples = recent_samples[-(SAMPLES - 1) :]
        if recent_samples and not (
            _same_view(present, recent_samples[-1][1]) and _same_view(present, recent_samples[0][1])
        ):
            recent_samples = _since_change(present, recent_samples)
        return (*recent_samples, (now, present))


def _since_change(
    present: BlockStructure, samples: Sequence[tuple[datetime, BlockStructure]]
) -> list[tuple[datetime, BlockStructure]]:
    """Return the latest of the samples, as far back as they show the present view."""
    alike: list[tuple[datetime, BlockStructure]] = []
    for sample in reversed(samples):
        if not _same_view(present, sample[1]):
            break
        alike.insert(0, sample)
    return alike


def _same_view(present: BlockStructure, before: BlockStructure) -> bool:
    if present.shape != before.shape:
        return False
    if match_in_place(present, before, stillness_of(before)) >= CUT_MATCH:
        return True
    flat = (np.nan_to_num(present[..., 1]) < LEAST_ENERGY) & (np.nan_to_num(before[..., 1]) < LEAST_ENERGY)
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
