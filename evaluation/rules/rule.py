"""What a row of the table of faults says: its alert, its bounds, and what must be known before it is judged."""

from dataclasses import dataclass
from enum import StrEnum

from domain.alerts import AlertRule
from domain.baselines import LightMode
from domain.faults import Fault
from evaluation.rules.thresholds import Threshold

BOTH_MODES = frozenset(LightMode)


class RuleSource(StrEnum):
    """What is judged: each frame's numbers, each status' numbers, or the connection's state."""

    FRAME = "frame"
    STATUS = "status"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class Rule:
    """Everything about one fault. `says` is the reason in words, followed by the number behind it.

    `needs_reference`: without one the fault is not assessable; otherwise bounds against a reference only add to the
    absolute ones once it is learned. `needs_light`: not judged in an unlit scene; `needs_sight`: nor in any picture as
    dark as one. `fixed_view`: about where the camera looks; on PTZ cameras judged against their presets or, without a
    reference, not at all. `provisional`: judged against a baseline of the first minutes too. `same_view`: not judged
    while another view is seen. `needs_course`: compared once a day and a night of the part are known. `steady_light`:
    not compared while dawn or dusk changes the camera's gain. `refuses`: a first view with this fault makes no
    reference. `dense`: needs (nearly) every frame.
    `window_s`, `min_frames`: the verdict's own window and least frames where the policy's do not fit. `bad_share`,
    `kept_frames`: of a fault that comes and goes, how many of the last frames must be bad.
    """

    alert: AlertRule
    says: str
    any_of: tuple[tuple[Threshold, ...], ...] = ()
    source: RuleSource = RuleSource.FRAME
    modes: frozenset[LightMode] = BOTH_MODES
    needs_reference: bool = False
    needs_light: bool = False
    needs_sight: bool = False
    fixed_view: bool = False
    analogue_only: bool = False
    refuses: bool = False
    dense: bool = False
    provisional: bool = False
    same_view: bool = False
    needs_course: bool = False
    steady_light: bool = False
    window_s: float | None = None
    min_frames: int | None = None
    bad_share: float | None = None
    kept_frames: int | None = None

    @property
    def fault(self) -> Fault:
        return self.alert.fault

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metric keys this rule looks at, each once, in order."""
        return tuple(dict.fromkeys(bound.metric for bounds in self.any_of for bound in bounds))
