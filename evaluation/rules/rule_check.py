"""One sample against one rule: bad, good, or not assessable and why. Three-valued throughout."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.baselines import BaselineState, CameraBaseline, LightMode, Statistic
from domain.cameras import Camera, FaultSetting, SamplingMode
from domain.faults import Evidence, Fault
from evaluation.rules.fault_rules import UNITS, UNLIT_LUMA_P95, Rule
from evaluation.rules.thresholds import Threshold, ThresholdBasis, WorseSide
from evaluation.scene import freeze

DENSE_INTERVAL_S = 0.2


@dataclass(frozen=True, slots=True)
class RuleContext:
    """Everything a rule may ask about the moment it judges.

    `changing` says that another light mode seems to come, `lacking` why there is no reference ("learning night"),
    `unlit` that the scene shows nothing and need not; `activity` is how much the camera's quietest pictures change,
    None where not known.
    """

    camera: Camera
    values: Mapping[str, float]
    missing: Mapping[str, str]
    mode: LightMode | None
    settling: bool = False
    changing: bool = False
    unlit: bool = False
    unlit_for_long: bool = False
    reference: CameraBaseline | None = None
    lacking: str = ""
    activity: float | None = None


@dataclass(frozen=True, slots=True)
class RuleResult:
    """`bad` is None where the sample could not be judged; then `reason` says why."""

    bad: bool | None
    reason: str = ""
    evidence: Evidence = Evidence()


@dataclass(frozen=True, slots=True)
class _ThresholdResult:
    bad: bool | None
    bound: Threshold
    value: float | None = None
    limit: float | None = None
    why: str = ""
    lacks_reference: bool = False


def why_never_assessable(rule: Rule, camera: Camera) -> str:
    """Return why this camera is never judged for this fault, or "": settings, kind of camera, sampling plan."""
    if not _setting(rule.fault, camera).enabled:
        return "switched off for this camera"
    if rule.analogue_only and not camera.analogue:
        return "judged on analogue encoders only"
    if rule.fixed_view and camera.ptz:
        return "PTZ camera: its view changes on purpose"
    plan = camera.plan
    dense = plan.mode is SamplingMode.ALL or (
        plan.mode is SamplingMode.INTERVAL and plan.interval_s <= DENSE_INTERVAL_S
    )
    return "needs plan all_frames" if rule.dense and not dense else ""


def check_rule(rule: Rule, scene: RuleContext, *, latched: bool) -> RuleResult:
    """Judge one sample. `latched` is true while the fault stands: it ends at the clear bound, not at its own."""
    if rule.fault is Fault.TOO_DARK and scene.unlit_for_long:
        return RuleResult(True, "no light in the scene for 12 hours", Evidence(mode=scene.mode))
    why = why_never_assessable(rule, scene.camera) or _why_not_assessable_now(rule, scene)
    if why:
        return RuleResult(None, why)
    sensitivity = _setting(rule.fault, scene.camera).sensitivity
    tested = [[_check_threshold(bound, scene, sensitivity, latched) for bound in bounds] for bounds in rule.any_of]
    return _combine_results(rule, scene, tested)


def _setting(fault: Fault, camera: Camera) -> FaultSetting:
    return camera.faults.get(fault) or FaultSetting()


def _why_not_assessable_now(rule: Rule, scene: RuleContext) -> str:
    if scene.settling:
        return f"settling after the change to {scene.mode or 'another light'}"
    if scene.mode is not None and scene.mode not in rule.modes:
        return "judged by day only" if LightMode.DAY in rule.modes else "judged by night only"
    dark = _why_too_dark(rule, scene)
    if dark:
        return dark
    if rule.needs_reference and scene.reference is None:
        return scene.lacking
    if rule.fault is Fault.FREEZE:
        return freeze.why_freeze_not_assessable(scene.values, scene.activity)
    return ""


def _why_too_dark(rule: Rule, scene: RuleContext) -> str:
    if rule.needs_light and (scene.unlit or scene.changing):
        return "scene unlit" if scene.unlit else "the light is changing"
    if rule.needs_sight and scene.values.get("luma_p95", 1.0) < UNLIT_LUMA_P95:
        return "too dark to compare with the usual view"
    return ""


def _check_threshold(bound: Threshold, scene: RuleContext, sensitivity: int, latched: bool) -> _ThresholdResult:
    value = scene.values.get(bound.metric)
    if value is None:
        return _ThresholdResult(None, bound, why=scene.missing.get(bound.metric, f"{bound.metric} was not measured"))
    statistic = scene.reference.statistics.get(bound.metric) if scene.reference else None
    limit = _limit(bound, bound.at(sensitivity)[1 if latched else 0], statistic, scene.reference)
    if limit is None:
        why = scene.lacking or f"the reference knows no usual {bound.metric}"
        return _ThresholdResult(None, bound, value, why=why, lacks_reference=True)
    bad = value >= limit if bound.worse is WorseSide.HIGH else value <= limit
    return _ThresholdResult(bad, bound, value, limit)


def _limit(
    bound: Threshold, number: float, statistic: Statistic | None, reference: CameraBaseline | None
) -> float | None:
    """Return the bound in the metric's own unit; None where it needs a statistic that is not there.

    Under an accepted view an absolute bound gives way to what the operator declared normal, plus its own hysteresis.
    """
    high = bound.worse is WorseSide.HIGH
    if bound.against is ThresholdBasis.ABSOLUTE:
        if statistic is None or reference is None or reference.state is not BaselineState.ACCEPTED:
            return number
        gap = abs(bound.fault - bound.clear)
        return max(number, statistic.high + gap) if high else min(number, statistic.low - gap)
    if statistic is None:
        return None
    if bound.against is ThresholdBasis.RATIO:
        return number * statistic.median if statistic.median > 0 else None
    return number + (statistic.high if high else statistic.low)


def _combine_results(rule: Rule, scene: RuleContext, tested: Sequence[Sequence[_ThresholdResult]]) -> RuleResult:
    """Any alternative whose bounds are all exceeded makes the sample bad; one that cannot be told leaves it open."""
    unknown: _ThresholdResult | None = None
    for bounds in tested:
        if all(test.bad for test in bounds):
            return RuleResult(True, _reason(rule, bounds[0]), _evidence(bounds[0], scene))
        if any(test.bad is False for test in bounds):
            continue
        blank = next(test for test in bounds if test.bad is None)
        if rule.needs_reference or not blank.lacks_reference:
            unknown = unknown or blank
    if unknown is not None:
        return RuleResult(None, unknown.why)
    shown = next((test for bounds in tested for test in bounds if test.bad is False), tested[0][0])
    return RuleResult(False, "", _evidence(shown, scene))


def _reason(rule: Rule, test: _ThresholdResult) -> str:
    side = "below" if test.bound.worse is WorseSide.HIGH else "above"
    return f"{rule.says}: {test.bound.metric} {test.value:.3g}, normal {side} {test.limit:.3g}"


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
