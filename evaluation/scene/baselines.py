"""What is normal for one camera in one light: learned from its own first hours, refused when these were bad, accepted
by its operator, and afterwards led slowly after the light. Statistics only, never a picture.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from domain.baselines import BaselineState, CameraBaseline, LightMode, Statistic
from domain.faults import FAULT_LABELS, Fault
from evaluation.policy import Policy
from evaluation.scene.structure_comparison import BlockStructure, median_structure

Values = Mapping[str, float]

MAX_ROWS = 128
MAX_STRUCTURES = 9
USABLE_STATES = frozenset({BaselineState.LEARNED, BaselineState.ACCEPTED})


@dataclass(frozen=True, slots=True)
class BaselineLearner:
    """What was seen since learning began, thinned evenly so that hours fit into `MAX_ROWS` rows.

    Every `stride`-th frame is kept; when the rows are full every second goes and the stride doubles. `failed` counts
    the frames that an absolute bound of each refusing fault called bad.
    """

    started_at: datetime
    seen: int = 0
    stride: int = 1
    rows: tuple[Values, ...] = ()
    structures: tuple[BlockStructure, ...] = ()
    structure_stride: int = 1
    failed: Mapping[Fault, int] = field(default_factory=dict)

    def with_failed(self, failed: Sequence[Fault]) -> "BaselineLearner":
        """Return the learner after one more frame that is no example of what is normal."""
        counts = dict(self.failed)
        for fault in failed:
            counts[fault] = counts.get(fault, 0) + 1
        return replace(self, seen=self.seen + 1, failed=counts)

    def with_frame(self, values: Values, structure: BlockStructure | None) -> "BaselineLearner":
        """Return the learner after one more good frame."""
        rows, stride = self.rows, self.stride
        if self.seen % stride == 0:
            rows = (*rows, values)
            if len(rows) > MAX_ROWS:
                rows, stride = rows[::2], 2 * stride
        structures, structure_stride = self.structures, self.structure_stride
        if structure is not None and self.seen % structure_stride == 0:
            structures = (*structures, structure)
            if len(structures) > MAX_STRUCTURES:
                structures, structure_stride = structures[::2], 2 * structure_stride
        return BaselineLearner(self.started_at, self.seen + 1, stride, rows, structures, structure_stride, self.failed)

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
    found = {}
    for metric, column in columns.items():
        low, median, high = (float(q) for q in np.percentile(column, (5, 50, 95)))
        found[metric] = Statistic(median, low, high, len(column))
    return found


def _summarise_learner(
    stream_id: str, mode: LightMode, learner: BaselineLearner, state: BaselineState, now: datetime
) -> CameraBaseline:
    return CameraBaseline(
        stream_id=stream_id,
        mode=mode,
        state=state,
        started_at=learner.started_at,
        updated_at=now,
        frames=learner.seen,
        statistics=summarise_metrics(learner.rows),
        structure=median_structure(learner.structures),
    )


def conclude_learning(
    stream_id: str, mode: LightMode, learner: BaselineLearner, now: datetime, policy: Policy
) -> CameraBaseline | None:
    """Return the reference that learning ends in, learned or refused with its reason; None while it goes on."""
    if learner.seen < policy.learn_frames or (now - learner.started_at).total_seconds() < policy.learn_s:
        return None
    refused = learner.refusal(policy.refuse_share)
    if refused is None:
        return _summarise_learner(stream_id, mode, learner, BaselineState.LEARNED, now)
    reason = (
        f"the first view was no good: {FAULT_LABELS[refused]} in {learner.failed[refused]} of {learner.seen} frames"
    )
    return CameraBaseline(stream_id, mode, BaselineState.REFUSED, learner.started_at, now, learner.seen, reason=reason)


def make_provisional_baseline(
    stream_id: str, mode: LightMode, learner: BaselineLearner, now: datetime, policy: Policy
) -> CameraBaseline | None:
    """Return what stands in for a reference while learning goes on, once enough was seen; None before.

    In production None always: nothing is held against hours that were not seen. A provisional
    reference is never stored.
    """
    if policy.provisional_s is None or learner.seen < policy.learn_frames:
        return None
    if (now - learner.started_at).total_seconds() < policy.provisional_s or learner.refusal(policy.refuse_share):
        return None
    return _summarise_learner(stream_id, mode, learner, BaselineState.LEARNED, now)


def make_accepted_baseline(
    stream_id: str, mode: LightMode, learner: BaselineLearner, *, by: str, accepted_at: datetime, now: datetime
) -> CameraBaseline:
    """Return the reference of a view its operator declared normal: no absolute bound is asked.

    `started_at` is the moment of acceptance, so that after a restart it is not mistaken for an older view.
    """
    summary = _summarise_learner(stream_id, mode, learner, BaselineState.ACCEPTED, now)
    return replace(summary, started_at=accepted_at, accepted_by=by)


def is_outdated(reference: CameraBaseline, accepted_at: datetime | None) -> bool:
    """Say whether the operator has accepted another view since this reference was begun."""
    return accepted_at is not None and reference.started_at < accepted_at


def adapt_baseline(
    reference: CameraBaseline, learner: BaselineLearner, now: datetime, policy: Policy
) -> CameraBaseline | None:
    """Return `reference` after a slow step towards what was seen while nothing was wrong; None while too early."""
    if (now - learner.started_at).total_seconds() < policy.follow_s or learner.seen < policy.learn_frames:
        return None
    weight = policy.follow_weight
    moved = dict(reference.statistics)
    for metric, new in summarise_metrics(learner.rows).items():
        old = moved.get(metric)
        moved[metric] = new if old is None else _interpolate(old, new, weight)
    structure = median_structure(learner.structures)
    if structure is not None and reference.structure is not None and structure.shape == reference.structure.shape:
        structure = ((1 - weight) * reference.structure + weight * structure).astype(np.float32)
    return replace(
        reference,
        updated_at=now,
        frames=reference.frames + learner.seen,
        statistics=moved,
        structure=structure if structure is not None else reference.structure,
    )


def _interpolate(old: Statistic, new: Statistic, weight: float) -> Statistic:
    return Statistic(
        median=(1 - weight) * old.median + weight * new.median,
        low=(1 - weight) * old.low + weight * new.low,
        high=(1 - weight) * old.high + weight * new.high,
        count=old.count + new.count,
    )
