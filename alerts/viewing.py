"""What a stream's pictures show: the light they were taken in, the reference they are held against, and what of them is
learned. Pure, like everything that judges.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from alerts import connection as connections
from alerts import freeze, mode, references, structure
from alerts.connection import Connection
from alerts.judging import Outcome, Scene, judged, standing_objection
from alerts.mode import Light
from alerts.policy import Moment
from alerts.references import USABLE, Learner, Values
from alerts.rules import LIGHT_DEPENDENT, RULES, UNLIT_LUMA_P95, Rule, Source
from alerts.structure import Structure
from domain.quality import Fault, FrameScores, LightMode, Measured, Reference, ReferenceState
from domain.streams import Camera

FRAME_RULES: tuple[Rule, ...] = tuple(rule for rule in RULES.values() if rule.source is Source.FRAME)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one light mode: the stored reference, what is being learned, what stands in meanwhile."""

    reference: Reference | None = None
    learner: Learner | None = None
    provisional: Reference | None = None

    @property
    def usable(self) -> Reference | None:
        if self.reference is not None and self.reference.state in USABLE:
            return self.reference
        return self.provisional


@dataclass(frozen=True, slots=True)
class Remembered:
    """A frame's numbers, kept for seconds in case its view is accepted."""

    at: datetime
    values: Values
    structure: Structure | None


@dataclass(frozen=True, slots=True)
class View:
    light: Light = Light()
    known: Mapping[LightMode, Known] = field(default_factory=dict)
    memory: tuple[Remembered, ...] = ()
    accepted_at: datetime | None = None
    """The operator's last acceptance that was acted on."""
    values: Values = field(default_factory=dict)
    """The numbers of the last frame, those of the comparison with the reference included."""
    earlier: Mapping[str, Measured] = field(default_factory=dict)
    """What was measured in an earlier frame and not in the last one; no rule asks for it."""

    def of(self, mode: LightMode | None) -> Known:
        return self.known.get(mode, Known()) if mode is not None else Known()

    def knowing(self, mode: LightMode, known: Known) -> "View":
        return replace(self, known={**self.known, mode: known})


@dataclass(frozen=True, slots=True)
class Looked:
    """What one frame did: `relit` says that the light mode has just changed, `learned` that it now has a reference."""

    view: View
    outcomes: Mapping[Fault, Outcome] = field(default_factory=dict)
    references: tuple[Reference, ...] = ()
    relit: bool = False
    learned: bool = False


def restored(camera: Camera, stored: Sequence[Reference]) -> View:
    """Return the view to start from: references older than the operator's last acceptance no longer count."""
    kept = [
        r for r in stored if r.state is not ReferenceState.LEARNING and not references.outdated(r, camera.accepted_at)
    ]
    usable = [r for r in kept if r.state in USABLE]
    return View(
        light=Light(dark_nights=any(_is_dark(reference) for reference in usable)),
        known={reference.mode: Known(reference) for reference in kept},
        accepted_at=camera.accepted_at if usable else None,
    )


def _is_dark(reference: Reference) -> bool:
    bright = reference.statistics.get("luma_p95")
    return reference.mode is LightMode.NIGHT and bright is not None and bright.median < UNLIT_LUMA_P95


def awaits_acceptance(view: View, camera: Camera) -> bool:
    """Say whether the operator accepted a view that has not been learned yet."""
    return camera.accepted_at is not None and (view.accepted_at is None or view.accepted_at < camera.accepted_at)


def accepted(view: View, moment: Moment) -> Looked | None:
    """Learn the accepted view from the frames in memory; None until memory holds enough of them.

    The light is read from these frames too, so that a picture accepted in the dark teaches what the night looks like.
    Everything older is forgotten, in every mode.
    """
    camera, now = moment.camera, moment.now
    fresh = [seen for seen in view.memory if (now - seen.at).total_seconds() <= moment.policy.memory_s]
    if len(fresh) < moment.policy.accept_frames or camera.accepted_at is None:
        return None
    shown = mode.seen_mode(fresh[-1].values, view.light.mode) or LightMode.DAY
    learner = Learner(fresh[0].at)
    for seen in fresh:
        learner = learner.with_frame(seen.values, seen.structure)
    reference = references.accepted(
        camera.name, shown, learner, by=camera.accepted_by, accepted_at=camera.accepted_at, now=now
    )
    light = replace(view.light, mode=shown, coming=None, dark_nights=_is_dark(reference), settling_until=None)
    fresh_view = replace(view, light=light, known={shown: Known(reference)}, accepted_at=camera.accepted_at)
    return Looked(fresh_view, references=(reference,))


def looked(
    view: View, scores: FrameScores, connection: Connection, latched: Collection[Fault], moment: Moment
) -> Looked:
    """Judge one frame by every picture rule, then learn from it."""
    numbers = {**scores.values, **connections.measured(connection)}
    if scores.qp is not None:
        numbers["qp"] = scores.qp
    light = mode.advanced(view.light, numbers, moment.now, moment.policy)
    relit = view.light.mode is not None and light.mode is not view.light.mode
    view = replace(view, light=light, memory=_remembered(view, numbers, scores.structure, moment))
    known = view.of(light.mode)
    compared = _compared(scores.structure, known.usable, moment.camera)
    view = replace(view, values={**numbers, **compared}, earlier=scores.earlier)
    missing = scores.missing
    if known.usable is not None and not compared:
        missing = {**dict.fromkeys(structure.METRICS, "too little structure in the view to compare"), **missing}
    shown = scene(view, view.values, missing, moment)
    outcomes = {rule.fault: judged(rule, shown, latched=rule.fault in latched) for rule in FRAME_RULES}
    if relit and light.mode is not None and known.reference is not None and known.reference.state in USABLE:
        view = view.knowing(light.mode, replace(known, learner=None))
    taught, stored = _learned(view, numbers, scores.structure, outcomes, moment)
    learned = known.usable is None and taught.of(light.mode).usable is not None
    return Looked(taught, outcomes, stored, relit, learned)


def scene(view: View, values: Values, missing: Mapping[str, str], moment: Moment) -> Scene:
    """Return what rules may ask about this moment."""
    light = view.light
    known = view.of(light.mode)
    return Scene(
        camera=moment.camera,
        values=values,
        missing=missing,
        mode=light.mode,
        settling=light.settling(moment.now),
        changing=mode.changing(light, values),
        unlit=light.unlit and not moment.camera.lit_at_night,
        unlit_noted=not moment.camera.lit_at_night and light.unlit_for_s(moment.now) >= moment.policy.unlit_note_s,
        reference=known.usable,
        lacking=_lacking(light.mode, known),
        activity=freeze.usual_activity(known.usable, known.learner),
    )


def judged_in_light(rule: Rule, shown: Scene, view: View, why: str, *, latched: bool) -> Outcome:
    """Judge a connection's number; where it follows the light, in the light's own terms.

    Between day and night a camera may already expose as by night: then the lower of the two usual values counts.
    """
    why = standing_objection(rule, shown.camera) or why
    if why:
        return Outcome(None, why)
    if rule.fault not in LIGHT_DEPENDENT:
        return judged(rule, replace(shown, settling=False, mode=None), latched=latched)
    if not view.light.twilight or shown.reference is None:
        return judged(rule, shown, latched=latched)
    usual = [known.usable for known in view.known.values() if known.usable is not None]
    if len(usual) < len(LightMode):
        return Outcome(None, "between day and night, and only one of them is learned")
    metric = rule.any_of[0][0].metric
    fitting = [reference for reference in usual if metric in reference.statistics]
    slowest = min(fitting, key=lambda r: r.statistics[metric].median, default=shown.reference)
    return judged(rule, replace(shown, reference=slowest), latched=latched)


def _lacking(light_mode: LightMode | None, known: Known) -> str:
    if light_mode is None:
        return "no picture seen yet"
    refused = known.reference is not None and known.reference.state is ReferenceState.REFUSED
    return f"learning {light_mode}" + (f", {known.reference.reason}" if refused and known.reference else "")


def _remembered(view: View, values: Values, seen: Structure | None, moment: Moment) -> tuple[Remembered, ...]:
    return (*view.memory, Remembered(moment.now, values, seen))[-moment.policy.memory_frames :]


def _compared(seen: Structure | None, reference: Reference | None, camera: Camera) -> dict[str, float]:
    if seen is None or reference is None or reference.structure is None:
        return {}
    return structure.compared(seen, reference.structure, camera.masks)


def _learned(
    view: View, values: Values, seen: Structure | None, outcomes: Mapping[Fault, Outcome], moment: Moment
) -> tuple[View, tuple[Reference, ...]]:
    """Teach the current mode's learner this frame, and conclude, refuse or follow when it is time."""
    light, now = view.light, moment.now
    if light.mode is None or light.settling(now) or light.coming is not None:
        return view, ()
    known = view.of(light.mode)
    bad = [fault for fault, outcome in outcomes.items() if outcome.bad]
    failed = [fault for fault in bad if RULES[fault].refuses]
    learner = known.learner or Learner(now)
    if known.reference is not None and known.reference.state in USABLE:
        if bad:
            return view, ()
        learner = learner.with_frame(values, seen)
        moved = references.followed(known.reference, learner, now, moment.policy)
        after = Known(moved, None) if moved else replace(known, learner=learner)
        return view.knowing(light.mode, after), (moved,) if moved else ()
    if failed:
        learner = learner.with_failed(failed)
    elif not bad:
        learner = learner.with_frame(values, seen)
    return _concluded(view, light.mode, replace(known, learner=learner), moment)


def _concluded(view: View, light_mode: LightMode, known: Known, moment: Moment) -> tuple[View, tuple[Reference, ...]]:
    assert known.learner is not None
    name, now, policy = moment.camera.name, moment.now, moment.policy
    reference = references.concluded(name, light_mode, known.learner, now, policy)
    if reference is None:
        if known.provisional is None:
            stand_in = references.provisional(name, light_mode, known.learner, now, policy)
            known = replace(known, provisional=stand_in)
        return view.knowing(light_mode, known), ()
    learned = reference.state in USABLE
    view = view.knowing(light_mode, Known(reference, None, None if learned else known.provisional))
    if learned and _is_dark(reference):
        view = replace(view, light=replace(view.light, dark_nights=True))
    return view, (reference,)
