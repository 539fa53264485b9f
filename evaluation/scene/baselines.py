"""What is normal for one camera in one light: learned from its own first hours, refused when these were bad, accepted
by its operator, and afterwards led slowly after the light. Statistics only, never a picture.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from domain.baselines import BaselinePart, BaselineState, CameraBaseline, LightMode, PartBaseline, Statistic
from domain.cameras import Camera
from domain.faults import FAULT_LABELS, Fault
from evaluation.policy import Policy
from evaluation.scene.background import find_background
from evaluation.scene.baseline_parts import PARTS, part_of
from evaluation.scene.detection_window import LEAST_ROWS, YIELD, forget_replaced
from evaluation.scene.preset_views import PresetViews, add_view, follow_views
from evaluation.scene.structure_comparison import BlockStructure

Values = Mapping[str, float]

MAX_ROWS = 128
MAX_STRUCTURES = 9
PROVISIONAL_GROWTH = 4
"""A provisional part is renewed whenever so many times as much was seen."""
OF_THE_LIGHT = frozenset({BaselinePart.LIGHT, BaselinePart.COLOUR, BaselinePart.NOISE})
USABLE_STATES = frozenset({BaselineState.LEARNED, BaselineState.ACCEPTED})


@dataclass(frozen=True, slots=True)
class BaselineLearner:
    """What was seen of one part since learning began, thinned evenly so that hours fit into `MAX_ROWS` rows."""

    started_at: datetime
    seen: int = 0
    """Frames seen."""
    stride: int = 1
    """One of so many frames is kept; where the rows are full every second goes and this doubles."""
    rows: tuple[Values, ...] = ()
    """Values of the kept frames."""
    structures: tuple[BlockStructure, ...] = ()
    """Block statistics of some of them."""
    structure_stride: int = 1
    failed: Mapping[Fault, int] = field(default_factory=dict)
    """Frames that an absolute bound of each refusing fault called bad."""
    presets: PresetViews | None = None
    """The views of a PTZ camera, in place of `structures`."""

    @property
    def good(self) -> int:
        """Frames that no refusing fault spoiled, at least: one frame may have several faults."""
        return self.seen - max(self.failed.values(), default=0)

    def with_failed(self, failed: Sequence[Fault]) -> "BaselineLearner":
        """Return the learner after one more frame that is no example of what is normal."""
        counts = dict(self.failed)
        for fault in failed:
            counts[fault] = counts.get(fault, 0) + 1
        return replace(self, seen=self.seen + 1, failed=counts)

    def with_frame(
        self, values: Values, structure: BlockStructure | None, part: BaselinePart | None = None
    ) -> "BaselineLearner":
        """Return the learner after one more good frame; of one part only that part's numbers are kept."""
        rows, stride = self.rows, self.stride
        if self.seen % stride == 0:
            own = {m: value for m, value in values.items() if part_of(m) is part} if part is not None else values
            rows = (*rows, own)
            if len(rows) > MAX_ROWS:
                rows, stride = rows[::2], 2 * stride
        structures, structure_stride, presets = self.structures, self.structure_stride, self.presets
        if structure is not None and presets is not None:
            presets = presets.with_sample(structure)
        elif structure is not None and self.seen % structure_stride == 0:
            structures = (*structures, structure)
            if len(structures) > MAX_STRUCTURES:
                structures, structure_stride = structures[::2], 2 * structure_stride
        return BaselineLearner(
            self.started_at, self.seen + 1, stride, rows, structures, structure_stride, self.failed, presets
        )

    def background(self) -> BlockStructure | None:
        """Return what the camera looked at; of a PTZ camera its presets, one below the other."""
        return find_background(self.structures) if self.presets is None else self.presets.background()

    def refusal(self, share: float) -> Fault | None:
        """Return the fault that `share` of the frames or more had, the commonest first; None where there is none."""
        worst = max(self.failed, key=lambda fault: self.failed[fault], default=None)
        if worst is None or self.failed[worst] < share * self.seen:
            return None
        return worst


def summarise_metrics(rows: Sequence[Values]) -> dict[str, Statistic]:
    """Return median, 5th and 95th percentile of every metric in `rows`, by numpy's linear interpolation."""
    columns: dict[str, list[float]] = {}
    for row in rows:
        for metric, value in row.items():
            columns.setdefault(metric, []).append(value)
    statistics = {}
    for metric, column in columns.items():
        low, median, high = (float(q) for q in np.percentile(column, (5, 50, 95)))
        statistics[metric] = Statistic(median, low, high, len(column))
    return statistics


def conclude(learner: BaselineLearner, now: datetime, policy: Policy) -> PartBaseline | None:
    """Return what learning one part ends in, learned or refused with its reason; None while it goes on."""
    if learner.seen < policy.learn_frames or (now - learner.started_at).total_seconds() < policy.learn_s:
        return None
    refused = learner.refusal(policy.refuse_share)
    if refused is None:
        return PartBaseline(BaselineState.LEARNED, learner.started_at, now, learner.seen)
    reason = (
        f"the first view was no good: {FAULT_LABELS[refused]} in {learner.failed[refused]} of {learner.seen} frames"
    )
    return PartBaseline(BaselineState.REFUSED, learner.started_at, now, learner.seen, reason)


def provisional_due(learner: BaselineLearner, since: PartBaseline | None, now: datetime, policy: Policy) -> bool:
    """Return whether what was seen so far should stand in for a part that is being learned.

    `since` is the provisional statistic so far: it is renewed whenever several times as much was seen, so that what was
    overlooked in the first minute does not last. A part that a fault spoils in too many frames has none.
    """
    if policy.provisional_s is None or learner.good < policy.provisional_frames:
        return False
    if (now - learner.started_at).total_seconds() < policy.provisional_s or learner.refusal(policy.refuse_share):
        return False
    return since is None or learner.good >= PROVISIONAL_GROWTH * since.frames


def make_provisional_baseline(learner: BaselineLearner, now: datetime) -> PartBaseline:
    """Return a part as far as it has been seen; never stored."""
    return PartBaseline(BaselineState.LEARNING, learner.started_at, now, learner.good)


def with_part(
    stored: CameraBaseline | None,
    of: tuple[str, LightMode],
    part: BaselinePart,
    baseline: PartBaseline,
    learner: BaselineLearner,
) -> CameraBaseline:
    """Return the stored baseline with one part as learning it just ended; a refused part keeps no numbers.

    State, reason and times of the whole are those of the view; reasons of other refused parts are added.
    """
    stream_id, mode = of
    known = stored or CameraBaseline(stream_id, mode, BaselineState.LEARNING, baseline.started_at, baseline.updated_at)
    kept = {metric: statistic for metric, statistic in known.statistics.items() if part_of(metric) is not part}
    good = baseline.state is not BaselineState.REFUSED
    structure = known.structure
    if part is BaselinePart.VIEW:
        structure = learner.background() if good else None
    parts = {**known.parts, part: baseline}
    view = parts.get(BaselinePart.VIEW)
    return replace(
        known,
        state=view.state if view is not None else known.state,
        started_at=view.started_at if view is not None else known.started_at,
        updated_at=baseline.updated_at,
        frames=view.frames if view is not None else baseline.frames,
        statistics={**kept, **(summarise_metrics(learner.rows) if good else {})},
        structure=structure,
        reason=_reasons(parts),
        parts=parts,
    )


def take_part(into: CameraBaseline, source: CameraBaseline | None, part: BaselinePart) -> CameraBaseline:
    """Return `into` with one part as `source` has it, numbers included."""
    if source is None:
        return into
    others = {metric: statistic for metric, statistic in into.statistics.items() if part_of(metric) is not part}
    own = {metric: statistic for metric, statistic in source.statistics.items() if part_of(metric) is part}
    return replace(
        into,
        statistics={**others, **own},
        structure=source.structure if part is BaselinePart.VIEW else into.structure,
        parts={**into.parts, part: source.parts[part]},
    )


def _reasons(parts: Mapping[BaselinePart, PartBaseline]) -> str:
    """Return why parts were refused, the view's reason bare and first."""
    refused = {part: baseline.reason for part, baseline in parts.items() if baseline.state is BaselineState.REFUSED}
    named = [reason if part is BaselinePart.VIEW else f"{part}: {reason}" for part, reason in sorted(refused.items())]
    view = refused.get(BaselinePart.VIEW)
    return "; ".join(sorted(named, key=lambda reason: reason != view))


def is_usable(baseline: CameraBaseline | None, part: BaselinePart) -> bool:
    """Return whether a part of the stored baseline is settled and good."""
    return baseline is not None and baseline.state_of(part) in USABLE_STATES


def make_accepted_baseline(
    camera: Camera,
    mode: LightMode,
    learner: BaselineLearner,
    *,
    accepted_at: datetime,
    now: datetime,
    presets: BlockStructure | None = None,
) -> CameraBaseline:
    """Return the baseline of a view its operator declared normal: no absolute bound is asked.

    `started_at` is the moment of acceptance, so that after a restart it is not mistaken for an older view. `presets`
    are the views that a PTZ camera keeps beside the accepted one.
    """
    structure = find_background(learner.structures)
    if structure is not None and presets is not None:
        structure = add_view(presets, structure)
    part = PartBaseline(BaselineState.ACCEPTED, accepted_at, now, learner.seen)
    return CameraBaseline(
        stream_id=camera.name,
        mode=mode,
        state=BaselineState.ACCEPTED,
        started_at=accepted_at,
        updated_at=now,
        frames=learner.seen,
        statistics=summarise_metrics(learner.rows),
        structure=structure,
        accepted_by=camera.accepted_by,
        parts=dict.fromkeys(PARTS, part),
    )


def is_outdated(baseline: CameraBaseline, accepted_at: datetime | None) -> bool:
    """Return whether the operator has accepted another view since this baseline was begun."""
    return accepted_at is not None and baseline.started_at < accepted_at


def adapt_baseline(
    baseline: CameraBaseline, part: BaselinePart, learner: BaselineLearner, now: datetime, policy: Policy
) -> CameraBaseline | None:
    """Return `baseline` after a slow step of one part towards what was seen while nothing spoiled it; None while
    too early.
    """
    if (now - learner.started_at).total_seconds() < policy.follow_s or learner.seen < policy.follow_frames:
        return None
    weight = policy.follow_weight
    summary = summarise_metrics(learner.rows)
    moved = forget_replaced(baseline.statistics, summary)
    for metric, new in summary.items():
        old = moved.get(metric)
        ends = _ends(metric, part, _step(metric, old, new, weight)) if old else (weight, weight)
        moved[metric] = new if old is None else _follow_statistic(old, new, _step(metric, old, new, weight), ends)
    structure = baseline.structure
    fresh = learner.background() if part is BaselinePart.VIEW else None
    if fresh is not None and structure is not None and learner.presets is not None:
        structure = follow_views(structure, fresh, learner.presets.rows, weight)
    elif fresh is not None:
        structure = (
            fresh if structure is None or structure.shape[:2] != fresh.shape[:2] else _blend(structure, fresh, weight)
        )
    return replace(
        baseline,
        updated_at=now,
        frames=baseline.frames + learner.seen if part is BaselinePart.VIEW else baseline.frames,
        statistics=moved,
        structure=structure,
    )


def _blend(old: BlockStructure, new: BlockStructure, weight: float) -> BlockStructure:
    """Return a step of `weight` from the old background to the new one; an old one without stillness gets it."""
    if old.shape[-1] < new.shape[-1]:
        old = np.concatenate([old, np.ones((*old.shape[:2], 1), np.float32)], axis=-1)
    return np.asarray((1 - weight) * old + weight * new, dtype=np.float32)


def _step(metric: str, old: Statistic, new: Statistic, weight: float) -> float:
    """Return how far to go: a few frames at the edge of an hour say no more of it than those that follow."""
    return new.count / (old.count + new.count) if "@" in metric and old.count < LEAST_ROWS else weight


def _ends(metric: str, part: BaselinePart, weight: float) -> tuple[float, float]:
    """Return how quickly the ends of a range widen and narrow.

    What the light does repeats by the day: there they widen five times as fastly and narrow a tenth as quickly, so
    that they span some days' morning, noon and evening and not the last hours alone. How many people come repeats by
    the week: one empty weekend is remembered through the next days.
    """
    if metric.startswith(YIELD):
        return 1.0, weight / 20
    return (min(1.0, 5 * weight), weight / 10) if part in OF_THE_LIGHT else (weight, weight)


def _follow_statistic(old: Statistic, new: Statistic, weight: float, ends: tuple[float, float]) -> Statistic:
    """Return a step of `weight` from the old statistic to the new one; `ends` are those of `_ends`."""
    wider, narrower = ends
    return Statistic(
        median=old.median + weight * (new.median - old.median),
        low=old.low + (wider if new.low < old.low else narrower) * (new.low - old.low),
        high=old.high + (wider if new.high > old.high else narrower) * (new.high - old.high),
        count=old.count + new.count,
    )
