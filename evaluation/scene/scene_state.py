"""What a stream's pictures show: the light they were taken in, the reference they are held against, and what of them is
learned. Pure, like everything that judges.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.baselines import BaselineState, CameraBaseline, LightMode
from domain.cameras import Camera
from domain.faults import Fault
from domain.metrics import FrameScores, TimedValue
from evaluation import connection as connections
from evaluation.connection import ConnectionHistory
from evaluation.policy import EvaluationContext
from evaluation.rules.fault_rules import LIGHT_DEPENDENT, RULES, UNLIT_LUMA_P95, Rule, RuleSource
from evaluation.rules.rule_check import RuleContext, RuleResult, check_rule, why_never_assessable
from evaluation.scene import baselines, freeze, structure_comparison
from evaluation.scene import light_mode as mode
from evaluation.scene.baselines import USABLE_STATES, BaselineLearner, Values
from evaluation.scene.light_mode import LightState
from evaluation.scene.structure_comparison import BlockStructure

FRAME_RULES: tuple[Rule, ...] = tuple(rule for rule in RULES.values() if rule.source is RuleSource.FRAME)


@dataclass(frozen=True, slots=True)
class ModeBaseline:
    """What is known of one light mode: the stored reference, what is being learned, what stands in meanwhile."""

    reference: CameraBaseline | None = None
    learner: BaselineLearner | None = None
    provisional: CameraBaseline | None = None

    @property
    def usable(self) -> CameraBaseline | None:
        if self.reference is not None and self.reference.state in USABLE_STATES:
            return self.reference
        return self.provisional


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
    accepted_at: datetime | None = None
    """The operator's last acceptance that was acted on."""
    values: Values = field(default_factory=dict)
    """The numbers of the last frame, those of the comparison with the reference included."""
    earlier: Mapping[str, TimedValue] = field(default_factory=dict)
    """What was measured in an earlier frame and not in the last one; no rule asks for it."""

    def of(self, mode: LightMode | None) -> ModeBaseline:
        return self.known.get(mode, ModeBaseline()) if mode is not None else ModeBaseline()

    def with_baseline(self, mode: LightMode, known: ModeBaseline) -> "SceneState":
        return replace(self, known={**self.known, mode: known})


@dataclass(frozen=True, slots=True)
class SceneUpdate:
    """What one frame did: `relit` says that the light mode has just changed, `learned` that it now has a reference."""

    view: SceneState
    outcomes: Mapping[Fault, RuleResult] = field(default_factory=dict)
    references: tuple[CameraBaseline, ...] = ()
    mode_changed: bool = False
    learned: bool = False


def restore_scene(camera: Camera, stored: Sequence[CameraBaseline]) -> SceneState:
    """Return the view to start from: references older than the operator's last acceptance no longer count."""
    kept = [
        r for r in stored if r.state is not BaselineState.LEARNING and not baselines.is_outdated(r, camera.accepted_at)
    ]
    usable = [r for r in kept if r.state in USABLE_STATES]
    return SceneState(
        light=LightState(dark_nights=any(_is_dark_baseline(reference) for reference in usable)),
        known={reference.mode: ModeBaseline(reference) for reference in kept},
        accepted_at=camera.accepted_at if usable else None,
    )


def _is_dark_baseline(reference: CameraBaseline) -> bool:
    bright = reference.statistics.get("luma_p95")
    return reference.mode is LightMode.NIGHT and bright is not None and bright.median < UNLIT_LUMA_P95


def awaits_acceptance(view: SceneState, camera: Camera) -> bool:
    """Say whether the operator accepted a view that has not been learned yet."""
    return camera.accepted_at is not None and (view.accepted_at is None or view.accepted_at < camera.accepted_at)


def learn_accepted_view(view: SceneState, moment: EvaluationContext) -> SceneUpdate | None:
    """Learn the accepted view from the frames in memory; None until memory holds enough of them.

    The light is read from these frames too, so that a picture accepted in the dark teaches what the night looks like.
    Everything older is forgotten, in every mode.
    """
    camera, now = moment.camera, moment.now
    fresh = [seen for seen in view.memory if (now - seen.at).total_seconds() <= moment.policy.memory_s]
    if len(fresh) < moment.policy.accept_frames or camera.accepted_at is None:
        return None
    shown = mode.detect_light_mode(fresh[-1].values, view.light.mode) or LightMode.DAY
    learner = BaselineLearner(fresh[0].at)
    for seen in fresh:
        learner = learner.with_frame(seen.values, seen.structure)
    reference = baselines.make_accepted_baseline(
        camera.name, shown, learner, by=camera.accepted_by, accepted_at=camera.accepted_at, now=now
    )
    light = replace(view.light, mode=shown, coming=None, dark_nights=_is_dark_baseline(reference), settling_until=None)
    fresh_view = replace(view, light=light, known={shown: ModeBaseline(reference)}, accepted_at=camera.accepted_at)
    return SceneUpdate(fresh_view, references=(reference,))


def judge_frame(
    view: SceneState,
    scores: FrameScores,
    connection: ConnectionHistory,
    latched: Collection[Fault],
    moment: EvaluationContext,
) -> SceneUpdate:
    """Judge one frame by every picture rule, then learn from it."""
    numbers = {**scores.values, **connections.connection_metrics(connection)}
    if scores.qp is not None:
        numbers["qp"] = scores.qp
    light = mode.update_light(view.light, numbers, moment.now, moment.policy)
    mode_changed = view.light.mode is not None and light.mode is not view.light.mode
    view = replace(view, light=light, memory=_remember_frame(view, numbers, scores.structure, moment))
    known = view.of(light.mode)
    compared = _compare_with_baseline(scores.structure, known.usable, moment.camera)
    view = replace(view, values={**numbers, **compared}, earlier=scores.earlier)
    missing = scores.missing
    if known.usable is not None and not compared:
        missing = {
            **dict.fromkeys(structure_comparison.STRUCTURE_METRICS, "too little structure in the view to compare"),
            **missing,
        }
    shown = make_rule_context(view, view.values, missing, moment)
    outcomes = {rule.fault: check_rule(rule, shown, latched=rule.fault in latched) for rule in FRAME_RULES}
    if (
        mode_changed
        and light.mode is not None
        and known.reference is not None
        and known.reference.state in USABLE_STATES
    ):
        view = view.with_baseline(light.mode, replace(known, learner=None))
    taught, stored = _learn_frame(view, numbers, scores.structure, outcomes, moment)
    learned = known.usable is None and taught.of(light.mode).usable is not None
    return SceneUpdate(taught, outcomes, stored, mode_changed, learned)


def make_rule_context(
    view: SceneState, values: Values, missing: Mapping[str, str], moment: EvaluationContext
) -> RuleContext:
    """Return what rules may ask about this moment."""
    light = view.light
    known = view.of(light.mode)
    return RuleContext(
        camera=moment.camera,
        values=values,
        missing=missing,
        mode=light.mode,
        settling=light.settling(moment.now),
        changing=mode.is_light_changing(light, values),
        unlit=light.unlit and not moment.camera.lit_at_night,
        unlit_for_long=not moment.camera.lit_at_night and light.unlit_for_s(moment.now) >= moment.policy.unlit_note_s,
        reference=known.usable,
        lacking=_why_no_baseline(light.mode, known),
        activity=freeze.usual_activity(known.usable, known.learner),
    )


def check_status_rule(rule: Rule, shown: RuleContext, view: SceneState, why: str, *, latched: bool) -> RuleResult:
    """Judge a connection's number; where it follows the light, in the light's own terms.

    Between day and night a camera may already expose as by night: then the lower of the two usual values counts.
    """
    why = why_never_assessable(rule, shown.camera) or why
    if why:
        return RuleResult(None, why)
    if rule.fault not in LIGHT_DEPENDENT:
        return check_rule(rule, replace(shown, settling=False, mode=None), latched=latched)
    if not view.light.twilight or shown.reference is None:
        return check_rule(rule, shown, latched=latched)
    usual = [known.usable for known in view.known.values() if known.usable is not None]
    if len(usual) < len(LightMode):
        return RuleResult(None, "between day and night, and only one of them is learned")
    metric = rule.any_of[0][0].metric
    fitting = [reference for reference in usual if metric in reference.statistics]
    slowest = min(fitting, key=lambda r: r.statistics[metric].median, default=shown.reference)
    return check_rule(rule, replace(shown, reference=slowest), latched=latched)


def _why_no_baseline(light_mode: LightMode | None, known: ModeBaseline) -> str:
    if light_mode is None:
        return "no picture seen yet"
    refused = known.reference is not None and known.reference.state is BaselineState.REFUSED
    return f"learning {light_mode}" + (f", {known.reference.reason}" if refused and known.reference else "")


def _remember_frame(
    view: SceneState, values: Values, seen: BlockStructure | None, moment: EvaluationContext
) -> tuple[RecentFrame, ...]:
    return (*view.memory, RecentFrame(moment.now, values, seen))[-moment.policy.memory_frames :]


def _compare_with_baseline(
    seen: BlockStructure | None, reference: CameraBaseline | None, camera: Camera
) -> dict[str, float]:
    if seen is None or reference is None or reference.structure is None:
        return {}
    return structure_comparison.compare_structure(seen, reference.structure, camera.masks)


def _learn_frame(
    view: SceneState,
    values: Values,
    seen: BlockStructure | None,
    outcomes: Mapping[Fault, RuleResult],
    moment: EvaluationContext,
) -> tuple[SceneState, tuple[CameraBaseline, ...]]:
    """Teach the current mode's learner this frame, and conclude, refuse or follow when it is time."""
    light, now = view.light, moment.now
    if light.mode is None or light.settling(now) or light.coming is not None:
        return view, ()
    known = view.of(light.mode)
    bad = [fault for fault, outcome in outcomes.items() if outcome.bad]
    failed = [fault for fault in bad if RULES[fault].refuses]
    learner = known.learner or BaselineLearner(now)
    if known.reference is not None and known.reference.state in USABLE_STATES:
        if bad:
            return view, ()
        learner = learner.with_frame(values, seen)
        moved = baselines.adapt_baseline(known.reference, learner, now, moment.policy)
        after = ModeBaseline(moved, None) if moved else replace(known, learner=learner)
        return view.with_baseline(light.mode, after), (moved,) if moved else ()
    if failed:
        learner = learner.with_failed(failed)
    elif not bad:
        learner = learner.with_frame(values, seen)
    return _conclude_learning(view, light.mode, replace(known, learner=learner), moment)


def _conclude_learning(
    view: SceneState, light_mode: LightMode, known: ModeBaseline, moment: EvaluationContext
) -> tuple[SceneState, tuple[CameraBaseline, ...]]:
    assert known.learner is not None
    name, now, policy = moment.camera.name, moment.now, moment.policy
    reference = baselines.conclude_learning(name, light_mode, known.learner, now, policy)
    if reference is None:
        if known.provisional is None:
            stand_in = baselines.make_provisional_baseline(name, light_mode, known.learner, now, policy)
            known = replace(known, provisional=stand_in)
        return view.with_baseline(light_mode, known), ()
    learned = reference.state in USABLE_STATES
    view = view.with_baseline(light_mode, ModeBaseline(reference, None, None if learned else known.provisional))
    if learned and _is_dark_baseline(reference):
        view = replace(view, light=replace(view.light, dark_nights=True))
    return view, (reference,)
