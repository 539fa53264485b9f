"""What a stream's pictures show: the light they were taken in, the baseline they are compared with, and what is
learned from them. Pure, like everything that judges.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from domain.baselines import BaselinePart, BaselineState, CameraBaseline, LightMode
from domain.cameras import Camera
from domain.faults import Fault
from domain.metrics import FrameScores, TimedValue
from evaluation import connection as connections
from evaluation.connection import ConnectionHistory
from evaluation.policy import EvaluationContext, Policy
from evaluation.rules.fault_rules import LEAST_AGREEMENT, LIGHT_DEPENDENT, RULES, SLATE_SHOWN, UNLIT_LUMA_P95
from evaluation.rules.rule import Rule, RuleSource
from evaluation.rules.rule_check import RuleContext, RuleResult, check_rule, never_assessable_reason
from evaluation.rules.thresholds import PICTURE_FAULT
from evaluation.scene import baselines, freeze
from evaluation.scene import light_mode as mode
from evaluation.scene.background import COMPARISON_METRICS
from evaluation.scene.baseline_parts import PARTS, SPOILS
from evaluation.scene.baselines import USABLE_STATES, BaselineLearner, Values
from evaluation.scene.detection_window import DetectionWindow, unmeasured_reasons
from evaluation.scene.light_mode import LightState
from evaluation.scene.preset_views import PresetViews
from evaluation.scene.structure_comparison import BlockStructure
from evaluation.scene.view_window import ViewWindow, describe_move

SEEN_FOR_S = 60.0
"""An answer of the picture-fault model counts for this long for the frames after it; it runs every ten seconds."""

SEEN_SLATE = PICTURE_FAULT + "slate"

OF_A_PRESET = (Fault.COVERED, Fault.CAMERA_MOVED)
FRAME_RULES: tuple[Rule, ...] = tuple(rule for rule in RULES.values() if rule.source is RuleSource.FRAME)


@dataclass(frozen=True, slots=True)
class ModeBaseline:
    """What is known of one light mode.

    `stored` is what storage keeps: parts that were learned, refused or accepted. `learners` are what its parts are
    being learned or followed by. `usable` is what is compared with: settled parts, and the provisional ones of parts
    that are still being learned; None where there is neither.
    """

    stored: CameraBaseline | None = None
    learners: Mapping[BaselinePart, BaselineLearner] = field(default_factory=dict)
    usable: CameraBaseline | None = None

    def teach(self, part: BaselinePart, learner: BaselineLearner | None) -> "ModeBaseline":
        learners = {name: other for name, other in self.learners.items() if name is not part}
        return replace(self, learners=learners if learner is None else {**learners, part: learner})


def build_mode_baseline(stored: CameraBaseline) -> ModeBaseline:
    """Return what is known of a light mode after a start, from the baseline that was stored."""
    settled = any(baselines.is_usable(stored, part) for part in PARTS)
    return ModeBaseline(stored, usable=stored if settled else None)


@dataclass(frozen=True, slots=True)
class RecentFrame:
    """A frame's numbers, kept for seconds in case its view is accepted."""

    at: datetime
    values: Values
    structure: BlockStructure | None


@dataclass(frozen=True, slots=True)
class SceneState:
    light: LightState = LightState()
    known: Mapping[LightMode, ModeBaseline] = field(default_factory=dict)
    memory: tuple[RecentFrame, ...] = ()
    recent: ViewWindow = ViewWindow()
    detection: DetectionWindow = DetectionWindow()
    accepted_at: datetime | None = None
    """The operator's last acceptance that was acted on."""
    values: Values = field(default_factory=dict)
    """The numbers of the last frame, those of the comparison with the baseline included."""
    earlier: Mapping[str, TimedValue] = field(default_factory=dict)
    """What was measured in an earlier frame and not in the last one; no rule asks for it."""

    def of(self, mode: LightMode | None) -> ModeBaseline:
        return self.known.get(mode, ModeBaseline()) if mode is not None else ModeBaseline()

    def with_baseline(self, mode: LightMode, baseline: ModeBaseline) -> "SceneState":
        return replace(self, known={**self.known, mode: baseline})


@dataclass(frozen=True, slots=True)
class SceneUpdate:
    """What one frame did: `mode_changed` says that the light mode has just changed, `learned` it has a baseline."""

    view: SceneState
    outcomes: Mapping[Fault, RuleResult] = field(default_factory=dict)
    baselines: tuple[CameraBaseline, ...] = ()
    mode_changed: bool = False
    learned: bool = False


def learning_until(view: SceneState, policy: Policy) -> datetime | None:
    """Return when the baseline of the present light is learned at the earliest; None where nothing is being learned."""
    baseline = view.of(view.light.mode)
    begun = [
        learner.started_at
        for part, learner in baseline.learners.items()
        if not baselines.is_usable(baseline.stored, part)
    ]
    return max(begun) + timedelta(seconds=policy.learn_s) if begun else None


def restore_scene(camera: Camera, stored: Sequence[CameraBaseline]) -> SceneState:
    """Return the view to start from: baselines older than the operator's last acceptance no longer count."""
    kept = [
        r for r in stored if r.state is not BaselineState.LEARNING and not baselines.is_outdated(r, camera.accepted_at)
    ]
    usable = [r for r in kept if any(baselines.is_usable(r, part) for part in PARTS)]
    return SceneState(
        light=LightState(dark_nights=any(_is_dark_baseline(each) for each in usable)),
        known={each.mode: build_mode_baseline(each) for each in kept},
        accepted_at=camera.accepted_at if usable else None,
    )


def _is_dark_baseline(stored: CameraBaseline) -> bool:
    bright = stored.statistics.get("luma_p95")
    return stored.mode is LightMode.NIGHT and bright is not None and bright.median < UNLIT_LUMA_P95


def awaits_acceptance(view: SceneState, camera: Camera) -> bool:
    """Return whether the operator accepted a view that has not been learned yet."""
    return camera.accepted_at is not None and (view.accepted_at is None or view.accepted_at < camera.accepted_at)


def learn_accepted_view(view: SceneState, moment: EvaluationContext) -> SceneUpdate | None:
    """Learn the accepted view from the frames in memory; None until memory holds enough of them.

    The light is read from these frames too, so that a picture accepted in the dark teaches what the night looks like.
    Everything older is forgotten, in every mode.
    """
    camera, now = moment.camera, moment.now
    fresh = [frame for frame in view.memory if (now - frame.at).total_seconds() <= moment.policy.memory_s]
    if len(fresh) < moment.policy.accept_frames or camera.accepted_at is None:
        return None
    light_mode = mode.detect_light_mode(fresh[-1].values, view.light.mode) or LightMode.DAY
    learner = BaselineLearner(fresh[0].at)
    for frame in fresh:
        learner = learner.with_frame(frame.values, frame.structure)
    accepted = baselines.make_accepted_baseline(
        camera,
        light_mode,
        learner,
        accepted_at=camera.accepted_at,
        now=now,
        presets=_presets(view.of(light_mode), camera),
    )
    light = replace(
        view.light, mode=light_mode, coming=None, dark_nights=_is_dark_baseline(accepted), settling_until=None
    )
    fresh_view = replace(
        view,
        light=light,
        known={light_mode: build_mode_baseline(accepted)},
        detection=DetectionWindow(),
        accepted_at=camera.accepted_at,
    )
    return SceneUpdate(fresh_view, baselines=(accepted,))


def _presets(baseline: ModeBaseline, camera: Camera) -> BlockStructure | None:
    return baseline.usable.structure if camera.ptz and baseline.usable is not None else None


def judge_frame(
    view: SceneState,
    scores: FrameScores,
    connection: ConnectionHistory,
    latched: Collection[Fault],
    moment: EvaluationContext,
) -> SceneUpdate:
    """Judge one frame by every picture rule, then learn from it."""
    numbers = {**scores.values, **connections.connection_metrics(connection), "decoder_damage": float(scores.corrupt)}
    if scores.qp is not None:
        numbers["qp"] = scores.qp
    light = mode.update_light(view.light, numbers, moment.now, moment.policy)
    mode_changed = view.light.mode is not None and light.mode is not view.light.mode
    view = replace(view, light=light, memory=_remember_frame(view, numbers, scores.structure, moment))
    baseline = view.of(light.mode)
    learned_view = baseline.usable.structure if baseline.usable is not None else None
    recent = view.recent.empty_copy() if mode_changed else view.recent
    recent = recent.follow(moment.now, scores.structure, learned_view, moment.camera.masks, moment.policy)
    compared = recent.comparison.values
    # What models find by night says nothing about the day that begins, nor the other way about.
    detection = (DetectionWindow() if mode_changed else view.detection).follow(moment.now, scores)
    found = detection.values if detection is not view.detection else {}
    view = replace(
        view, values={**numbers, **compared, **found}, earlier=scores.earlier, recent=recent, detection=detection
    )
    missing = {**unmeasured_reasons(detection.values), **scores.missing}
    if learned_view is not None and not compared:
        missing = {**dict.fromkeys(COMPARISON_METRICS, "too little structure in the view to compare"), **missing}
    values = _leave_out_slates({**_earlier_picture_faults(scores, moment), **detection.values, **view.values})
    context = make_rule_context(view, values, missing, moment)
    outcomes = {rule.fault: check_rule(rule, context, latched=rule.fault in latched) for rule in FRAME_RULES}
    outcomes[Fault.CAMERA_MOVED] = _describe_move(outcomes[Fault.CAMERA_MOVED], recent)
    if moment.camera.ptz:
        outcomes.update({fault: recent.wait_for_preset(fault, outcomes[fault], moment) for fault in OF_A_PRESET})
    if mode_changed and light.mode is not None:
        settled = [part for part in PARTS if baselines.is_usable(baseline.stored, part)]
        for part in settled:
            baseline = baseline.teach(part, None)
        view = view.with_baseline(light.mode, baseline)
    numbers = {**numbers, **detection.by_hour(moment.now.hour)}
    taught, stored = _learn_frame(view, numbers, scores.structure, outcomes, moment)
    learned = baseline.usable is None and taught.of(light.mode).usable is not None
    return SceneUpdate(taught, outcomes, stored, mode_changed, learned)


def _describe_move(outcome: RuleResult, recent: ViewWindow) -> RuleResult:
    """Say of a moved camera by how much, and what was measured in brackets."""
    if not outcome.bad:
        return outcome
    words = describe_move(recent.comparison, LEAST_AGREEMENT)
    return replace(outcome, reason=f"{words} ({outcome.reason})")


def _earlier_picture_faults(scores: FrameScores, moment: EvaluationContext) -> dict[str, float]:
    """Return what the picture-fault model saw in an earlier frame, until the model runs again."""
    return {
        metric: measured.value
        for metric, measured in scores.earlier.items()
        if metric.startswith(PICTURE_FAULT) and (moment.now - measured.at).total_seconds() <= SEEN_FOR_S
    }


def _leave_out_slates(values: Values) -> Values:
    """Return the numbers without what the picture-fault model says of a slate: it knows pictures of cameras only."""
    if values.get("slate", 0.0) < SLATE_SHOWN:
        return values
    return {key: value for key, value in values.items() if not key.startswith(PICTURE_FAULT) or key == SEEN_SLATE}


def make_rule_context(
    view: SceneState, values: Values, missing: Mapping[str, str], moment: EvaluationContext
) -> RuleContext:
    """Return what rules may ask about this moment."""
    light = view.light
    baseline = view.of(light.mode)
    return RuleContext(
        camera=moment.camera,
        values=values,
        missing=missing,
        mode=light.mode,
        settling=light.is_settling(moment.now),
        changing=mode.is_light_changing(light, values),
        steady=light.is_steady(moment.now, moment.policy.steady_s),
        unlit=light.unlit and not moment.camera.lit_at_night,
        unlit_for_long=not moment.camera.lit_at_night and light.unlit_for_s(moment.now) >= moment.policy.unlit_note_s,
        baseline=view.detection.usual_at(baseline.usable, moment.now, moment.policy.course_s),
        lacking={part: _missing_baseline_reason(light.mode, baseline, part) for part in PARTS},
        young=_young_parts(baseline, moment),
        activity=freeze.usual_activity(baseline.stored, baseline.learners.get(BaselinePart.NOISE)),
        provisional_for_all=moment.policy.provisional_for_all,
        provisional_sensitivity=moment.policy.provisional_sensitivity,
        metrics=moment.policy.metrics,
    )


def check_status_rule(rule: Rule, context: RuleContext, view: SceneState, reason: str, *, latched: bool) -> RuleResult:
    """Judge a connection's number; where it follows the light, in the light's own terms.

    Between day and night a camera may already expose as by night: then the lower of the two usual values counts.
    """
    reason = never_assessable_reason(rule, context.camera) or reason
    if reason:
        return RuleResult(None, reason)
    if rule.fault not in LIGHT_DEPENDENT:
        return check_rule(rule, replace(context, settling=False, mode=None), latched=latched)
    if not view.light.twilight or context.baseline is None:
        return check_rule(rule, context, latched=latched)
    early = context.provisional_for_all
    usual = [
        baseline.usable
        for baseline in view.known.values()
        if baseline.usable is not None and (early or baseline.usable.state_of(BaselinePart.STREAM) in USABLE_STATES)
    ]
    if len(usual) < len(LightMode):
        return RuleResult(None, "between day and night, and only one of them is learned")
    metric = rule.any_of[0][0].metric
    fitting = [each for each in usual if metric in each.statistics]
    slowest = min(fitting, key=lambda r: r.statistics[metric].median, default=context.baseline)
    return check_rule(rule, replace(context, baseline=slowest), latched=latched)


def _young_parts(baseline: ModeBaseline, moment: EvaluationContext) -> frozenset[BaselinePart]:
    """Return the parts that were learned from less than a whole course of the light so far."""
    settled = baseline.stored.parts if baseline.stored is not None else {}
    return frozenset(
        part
        for part, learned in settled.items()
        if (moment.now - learned.started_at).total_seconds() < moment.policy.course_s
    )


def _missing_baseline_reason(light_mode: LightMode | None, baseline: ModeBaseline, part: BaselinePart) -> str:
    """Return why one part cannot be compared yet."""
    if light_mode is None:
        return "no picture seen yet"
    settled = baseline.stored.parts.get(part) if baseline.stored is not None else None
    reason = settled.reason if settled is not None else ""
    if not reason and baseline.stored is not None and baseline.stored.state_of(part) is BaselineState.REFUSED:
        reason = baseline.stored.reason
    return f"learning {light_mode}" + (f", {reason}" if reason else "")


def _remember_frame(
    view: SceneState, values: Values, present: BlockStructure | None, moment: EvaluationContext
) -> tuple[RecentFrame, ...]:
    return (*view.memory, RecentFrame(moment.now, values, present))[-moment.policy.memory_frames :]


def _learn_frame(
    view: SceneState,
    values: Values,
    present: BlockStructure | None,
    outcomes: Mapping[Fault, RuleResult],
    moment: EvaluationContext,
) -> tuple[SceneState, tuple[CameraBaseline, ...]]:
    """Teach each part of the current mode's baseline this frame, and conclude, refuse or follow when it is time."""
    light, now = view.light, moment.now
    if light.mode is None or light.is_settling(now) or light.coming is not None:
        return view, ()
    baseline = before = view.of(light.mode)
    bad = [fault for fault, outcome in outcomes.items() if outcome.bad]
    for part in PARTS:
        spoiling = [fault for fault in bad if part in SPOILS.get(fault, ())]
        structure = present if part is BaselinePart.VIEW else None
        touring = moment.camera.ptz and part is BaselinePart.VIEW
        learner = baseline.learners.get(part) or BaselineLearner(now, presets=PresetViews() if touring else None)
        if baselines.is_usable(baseline.stored, part):
            if not spoiling:
                baseline = _follow(baseline, part, learner.with_frame(values, structure, part), moment)
            continue
        refusing = [fault for fault in spoiling if RULES[fault].refuses]
        if refusing:
            learner = learner.with_failed(refusing)
        elif not spoiling:
            learner = learner.with_frame(values, structure, part)
        baseline = _settle(baseline.teach(part, learner), light.mode, part, learner, moment)
    view = view.with_baseline(light.mode, baseline)
    if baseline.stored is None or baseline.stored is before.stored:
        return view, ()
    if not light.dark_nights and _is_dark_baseline(baseline.stored):
        view = replace(view, light=replace(view.light, dark_nights=True))
    return view, (baseline.stored,)


def _follow(
    baseline: ModeBaseline, part: BaselinePart, learner: BaselineLearner, moment: EvaluationContext
) -> ModeBaseline:
    assert baseline.stored is not None
    followed = baselines.adapt_baseline(baseline.stored, part, learner, moment.now, moment.policy)
    if followed is None:
        return baseline.teach(part, learner)
    return _with_stored(baseline.teach(part, None), followed)


def _settle(
    known: ModeBaseline, light_mode: LightMode, part: BaselinePart, learner: BaselineLearner, moment: EvaluationContext
) -> ModeBaseline:
    """Conclude a part that was learned long enough, or let what was seen of it stand in meanwhile."""
    now, policy, of = moment.now, moment.policy, (moment.camera.name, light_mode)
    concluded = baselines.conclude(learner, now, policy)
    if concluded is not None:
        stored = baselines.with_part(known.stored, of, part, concluded, learner)
        return _with_stored(known.teach(part, None), stored)
    standing = known.usable.parts.get(part) if known.usable is not None else None
    since = standing if standing is not None and standing.state is BaselineState.LEARNING else None
    if not baselines.provisional_due(learner, since, now, policy):
        return known
    baseline = baselines.make_provisional_baseline(learner, now)
    return replace(known, usable=baselines.with_part(known.usable, of, part, baseline, learner))


def _with_stored(known: ModeBaseline, stored: CameraBaseline) -> ModeBaseline:
    """Return what is known with a new stored baseline; parts that are still being learned keep their provisional
    statistic.
    """
    usable = stored
    learning = known.usable.parts if known.usable is not None else {}
    for part, baseline in learning.items():
        if baseline.state is BaselineState.LEARNING and not baselines.is_usable(stored, part):
            usable = baselines.take_part(usable, known.usable, part)
    settled = any(baselines.is_usable(usable, part) or part in learning for part in PARTS)
    return replace(known, stored=stored, usable=usable if settled else None)
