"""One sample against one rule: bad, good, or not assessable and why. Three-valued throughout."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from domain.baselines import BaselinePart, BaselineState, CameraBaseline, LightMode, PartBaseline, Statistic
from domain.cameras import Camera, FaultSetting, SamplingMode
from domain.evidence_metrics import EVIDENCE_METRICS
from domain.faults import Evidence, Fault, NotAssessable
from domain.metric_words import name_metric, write_quantity
from domain.metrics import MetricSpec
from evaluation.rules.fault_rules import UNLIT_LUMA_P95
from evaluation.rules.rule import Rule
from evaluation.rules.thresholds import Threshold, ThresholdBasis, WorseSide
from evaluation.scene import freeze
from evaluation.scene.baseline_parts import PARTS, part_of
from evaluation.scene.detection_window import HOURLY

DENSE_INTERVAL_S = 0.2
YOUNG = "learning how this changes over a day and a night"
NEW_HOUR = "learning what is usual at this hour"
SAME_VIEW_MATCH = 0.4
"""A view that matches the learned one less than this shows other things, which may have other colours."""

UNITS: Mapping[str, str] = {
    "edge_width": "px",
    "noise_floor": "levels of 255",
    "local_contrast": "levels of 255",
    "block_step": "levels of 255",
    "stripe_strength": "levels of 255",
    "change_median": "levels of 255",
    **{key: EVIDENCE_METRICS[key].unit for key in ("fps", "bitrate_bps", "decode_errors_per_min", *HOURLY)},
}
"""Units of the metrics judged here, for evidence; what is not listed is a share or a ratio."""


@dataclass(frozen=True, slots=True)
class RuleContext:
    """Everything a rule may ask about the moment it judges."""

    camera: Camera
    values: Mapping[str, float]
    """Of this frame, by metric; the comparison with the baseline included."""
    missing: Mapping[str, str]
    """Metrics without a value, with the reason."""
    mode: LightMode | None
    settling: bool = False
    """The light has just changed."""
    changing: bool = False
    """Another light mode seems to come."""
    steady: bool = True
    """The present light mode has lasted for hours."""
    unlit: bool = False
    """The scene shows nothing and need not."""
    unlit_for_long: bool = False
    """It has been so for half a day."""
    baseline: CameraBaseline | None = None
    """The baseline of this light; None where there is none."""
    lacking: Mapping[BaselinePart, str] = field(default_factory=dict)
    """Why a part of the baseline is not there, such as "learning night"."""
    young: frozenset[BaselinePart] = frozenset()
    """Parts that have not seen a whole course of the light yet."""
    activity: float | None = None
    """How much the camera's quietest pictures change; None where not known."""
    provisional_for_all: bool = False
    """Baselines of the first minutes hold for every rule, as in clips."""
    provisional_sensitivity: int | None = None
    """The greatest sensitivity against such a baseline, 1 … 10; None for no bound."""
    metrics: Mapping[str, MetricSpec] = field(default_factory=dict)
    """By which reasons name numbers."""

    def learned(self, metric: str) -> tuple[Statistic | None, BaselineState | None]:
        """Return the statistic of a metric as far as it is known, and how far its part has come."""
        if self.baseline is None:
            return None, None
        return self.baseline.statistics.get(metric), self.baseline.state_of(part_of(metric))


@dataclass(frozen=True, slots=True)
class RuleResult:
    """`bad` is None where the sample could not be judged; then `reason` says why."""

    bad: bool | None
    reason: str = ""
    evidence: Evidence = Evidence()
    cause: NotAssessable | None = None


@dataclass(frozen=True, slots=True)
class _ThresholdResult:
    bad: bool | None
    bound: Threshold
    value: float | None = None
    limit: float | None = None
    reason: str = ""
    lacks_baseline: bool = False


def not_measured_reason(metric: str, metrics: Mapping[str, MetricSpec]) -> str:
    """Return the reason where a metric has no value and nothing says why."""
    return f"not measured: {name_metric(metric, metrics)}"


def never_assessable_reason(rule: Rule, camera: Camera) -> str:
    """Return why this camera is never judged for this fault, or "": settings, kind of camera, sampling plan."""
    if not _setting(rule.fault, camera).enabled:
        return "switched off for this camera"
    if rule.analogue_only and not camera.analogue:
        return "judged on analogue encoders only"
    if rule.fixed_view and camera.ptz and not rule.needs_baseline:
        return "PTZ camera: its view changes on purpose"
    plan = camera.plan
    dense = plan.mode is SamplingMode.ALL or (
        plan.mode is SamplingMode.INTERVAL and plan.interval_s <= DENSE_INTERVAL_S
    )
    return "needs every frame: set plan to all" if rule.dense and not dense else ""


def check_rule(rule: Rule, scene: RuleContext, *, latched: bool) -> RuleResult:
    """Judge one sample. `latched` is true while the fault lasts: it ends at the clear bound, not at its own."""
    if rule.fault is Fault.TOO_DARK and scene.unlit_for_long:
        return RuleResult(True, "no light in the scene for 12 hours", Evidence(mode=scene.mode))
    reason = never_assessable_reason(rule, scene.camera) or _not_assessable_now_reason(rule, scene)
    if reason:
        unlearned = rule.needs_baseline and reason in (*scene.lacking.values(), YOUNG)
        return RuleResult(None, reason, cause=NotAssessable.NEEDS_BASELINE if unlearned else None)
    first_minutes = _provisional_part(rule, scene)
    sensitivity = _setting(rule.fault, scene.camera).sensitivity
    if first_minutes is not None and scene.provisional_sensitivity is not None:
        sensitivity = min(sensitivity, scene.provisional_sensitivity)
    alternatives = _alternatives(rule, scene)
    tested = [
        [_check_threshold(rule, bound, scene, sensitivity, latched) for bound in bounds] for bounds in alternatives
    ]
    outcome = _combine_results(rule, scene, tested)
    if not outcome.bad or first_minutes is None:
        return outcome
    minutes = max(1, round((first_minutes.updated_at - first_minutes.started_at).total_seconds() / 60))
    return replace(outcome, reason=f"{outcome.reason}; compared with the camera's first {minutes} min only")


def _provisional_part(rule: Rule, scene: RuleContext) -> PartBaseline | None:
    """Return the part that a comparison of this rule rests on while it is still being learned, or None."""
    if scene.baseline is None or not (rule.needs_baseline or rule.provisional):
        return None
    if not any(part.state is BaselineState.LEARNING for part in scene.baseline.parts.values()):
        return None
    compared = [b for bounds in rule.any_of for b in bounds if b.against is not ThresholdBasis.ABSOLUTE]
    parts = {part_of(bound.metric) for bound in compared} | ({BaselinePart.VIEW} if rule.fixed_view else set())
    learning = (scene.baseline.parts[part] for part in PARTS if part in parts & set(scene.baseline.parts))
    return next((part for part in learning if part.state is BaselineState.LEARNING), None)


def _may_use_provisional(rule: Rule, scene: RuleContext) -> bool:
    return rule.provisional or scene.provisional_for_all


def _alternatives(rule: Rule, scene: RuleContext) -> tuple[tuple[Threshold, ...], ...]:
    """Return what can be asked: without the baseline that a rule needs, what the picture-fault model saw by itself.

    At dawn and dusk, of a rule about what the gain does, what is bad in any light.
    """
    if rule.steady_light and not scene.steady:
        return tuple(bounds for bounds in rule.any_of if all(b.against is ThresholdBasis.ABSOLUTE for b in bounds))
    if not rule.needs_baseline or _has_baseline(rule, scene):
        return rule.any_of
    return tuple(
        bounds for bounds in rule.any_of if all(bound.optional and bound.metric in scene.values for bound in bounds)
    )


def _setting(fault: Fault, camera: Camera) -> FaultSetting:
    return camera.faults.get(fault) or FaultSetting()


def _not_assessable_now_reason(rule: Rule, scene: RuleContext) -> str:
    if scene.settling:
        return f"settling after the change to {scene.mode or 'another light'}"
    if scene.mode is not None and scene.mode not in rule.modes:
        return "judged by day only" if LightMode.DAY in rule.modes else "judged by night only"
    dark = _too_dark_reason(rule, scene)
    if dark:
        return dark
    if rule.fault is Fault.FREEZE:
        return freeze.freeze_not_assessable_reason(scene.values, scene.activity)
    return _not_comparable_reason(rule, scene)


def _not_comparable_reason(rule: Rule, scene: RuleContext) -> str:
    if rule.needs_baseline and not _alternatives(rule, scene):
        young = rule.needs_course and _main_part(rule) in scene.young
        return YOUNG if young else scene.lacking.get(_main_part(rule), "")
    if rule.same_view and scene.values.get("view_match", 1.0) < SAME_VIEW_MATCH:
        return "the view is not the usual one"
    return ""


def _main_part(rule: Rule) -> BaselinePart:
    """Return the part without which this rule says nothing."""
    return BaselinePart.VIEW if rule.fixed_view else part_of(rule.any_of[0][0].metric)


def _has_baseline(rule: Rule, scene: RuleContext) -> bool:
    if scene.baseline is None or (rule.needs_course and _main_part(rule) in scene.young):
        return False
    state = scene.baseline.state_of(_main_part(rule))
    if state is BaselineState.LEARNING:
        return _may_use_provisional(rule, scene) and _main_part(rule) in scene.baseline.parts
    return state is not BaselineState.REFUSED


def _too_dark_reason(rule: Rule, scene: RuleContext) -> str:
    if rule.needs_light and (scene.unlit or scene.changing):
        return "scene unlit" if scene.unlit else "the light is changing"
    if rule.needs_sight and scene.values.get("luma_p95", 1.0) < UNLIT_LUMA_P95:
        return "too dark to compare with the usual view"
    return ""


def _check_threshold(
    rule: Rule, bound: Threshold, scene: RuleContext, sensitivity: int, latched: bool
) -> _ThresholdResult:
    value = scene.values.get(bound.metric)
    if value is None:
        reason = scene.missing.get(bound.metric) or not_measured_reason(bound.metric, scene.metrics)
        return _ThresholdResult(None, bound, reason=reason)
    statistic, state = scene.learned(bound.metric)
    if bound.until_settled and statistic is not None and state is not BaselineState.LEARNING:
        return _ThresholdResult(False, bound, value)
    if state is BaselineState.LEARNING and not _may_use_provisional(rule, scene):
        statistic = None
    if statistic is not None and _cannot_fall(bound, statistic):
        return _ThresholdResult(False, bound, value)
    accepted = state is BaselineState.ACCEPTED
    limit = _limit(bound, bound.at(sensitivity)[1 if latched else 0], statistic, accepted=accepted)
    if limit is None:
        reason = scene.lacking.get(part_of(bound.metric), "") if statistic is None else ""
        reason = reason or f"nothing learned yet of what is usual: {name_metric(bound.metric, scene.metrics)}"
        reason = NEW_HOUR if bound.metric in HOURLY and _has_baseline(rule, scene) else reason
        return _ThresholdResult(None, bound, value, reason=reason, lacks_baseline=True)
    # A detector's number may be numpy's own, whose comparison is no bool that `is False` knows.
    bad = bool(value >= limit if bound.worse is WorseSide.HIGH else value <= limit)
    return _ThresholdResult(bad, bound, value, limit)


def _cannot_fall(bound: Threshold, statistic: Statistic) -> bool:
    """Return whether a share of the usual is asked of a number that is usually zero, as a grey camera's saturation."""
    return bound.against is ThresholdBasis.RATIO and bound.worse is WorseSide.LOW and statistic.median <= 0


def _limit(bound: Threshold, number: float, statistic: Statistic | None, *, accepted: bool) -> float | None:
    """Return the bound in the metric's own unit; None where it needs a statistic that is not there.

    Under an accepted view an absolute bound gives way to what the operator declared normal, plus its own hysteresis.
    """
    high = bound.worse is WorseSide.HIGH
    if bound.against is ThresholdBasis.ABSOLUTE:
        if statistic is None or not accepted:
            return number
        gap = abs(bound.fault - bound.clear)
        return max(number, statistic.high + gap) if high else min(number, statistic.low - gap)
    if statistic is None:
        return None
    if bound.against is ThresholdBasis.RATIO:
        return number * statistic.median if statistic.median > 0 else None
    return number + (statistic.high if high else statistic.low)


def _combine_results(rule: Rule, scene: RuleContext, tested: Sequence[Sequence[_ThresholdResult]]) -> RuleResult:
    """Any alternative whose bounds are all exceeded makes the sample bad; one that cannot be assessed leaves it
    open.
    """
    unknown: _ThresholdResult | None = None
    for bounds in tested:
        if all(test.bad for test in bounds):
            return RuleResult(True, _reason(rule, bounds[0], scene.metrics), _evidence(bounds[0], scene))
        if any(test.bad is False for test in bounds):
            continue
        blank = next(test for test in bounds if test.bad is None)
        if blank.bound.optional and blank.value is None:
            continue
        if rule.needs_baseline or not blank.lacks_baseline:
            unknown = unknown or blank
    if unknown is not None:
        cause = NotAssessable.NEEDS_BASELINE if unknown.lacks_baseline else None
        return RuleResult(None, unknown.reason, cause=cause)
    shown = next((test for bounds in tested for test in bounds if test.bad is False), tested[0][0])
    return RuleResult(False, "", _evidence(shown, scene))


def _reason(rule: Rule, test: _ThresholdResult, metrics: Mapping[str, MetricSpec]) -> str:
    """Return what is wrong in words, and the number behind it; the page cuts at the last colon before "normal"."""
    assert test.value is not None
    assert test.limit is not None
    side, metric = "below" if test.bound.worse is WorseSide.HIGH else "above", test.bound.metric
    unit = metrics[metric].unit if metric in metrics else UNITS.get(metric, "")
    number, limit = write_quantity(test.value, unit), write_quantity(test.limit, unit)
    return f"{test.bound.says or rule.says}: {name_metric(metric, metrics)} {number}, normal {side} {limit}"


def _evidence(test: _ThresholdResult, scene: RuleContext) -> Evidence:
    high = test.bound.worse is WorseSide.HIGH
    return Evidence(
        metric=test.bound.metric,
        unit=UNITS.get(test.bound.metric, ""),
        value=test.value,
        normal_low=None if high else test.limit,
        normal_high=test.limit if high else None,
        mode=scene.mode,
    )
