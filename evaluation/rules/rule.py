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
    """Everything about one fault."""

    alert: AlertRule
    says: str
    """The reason in words; the number behind it follows."""
    any_of: tuple[tuple[Threshold, ...], ...] = ()
    """The fault is there where all thresholds of one alternative are crossed."""
    source: RuleSource = RuleSource.FRAME
    """What its numbers come from."""
    modes: frozenset[LightMode] = BOTH_MODES
    """The light in which it is judged."""
    needs_baseline: bool = False
    """Not assessable without a baseline; otherwise bounds against one only add to the absolute ones."""
    needs_light: bool = False
    """Not judged in an unlit scene."""
    needs_sight: bool = False
    """Nor in any picture as dark as one."""
    fixed_view: bool = False
    """About where the camera looks; a PTZ camera is judged against its presets, or not at all."""
    analogue_only: bool = False
    """Judged behind an analogue encoder only."""
    refuses: bool = False
    """A first view with this fault makes no baseline."""
    dense: bool = False
    """Needs (nearly) every frame."""
    provisional: bool = False
    """Judged against a baseline of the first minutes too."""
    same_view: bool = False
    """Not judged while another view is seen."""
    needs_course: bool = False
    """Compared once a day and a night of the part are known."""
    steady_light: bool = False
    """Not compared while dawn or dusk changes the camera's gain."""
    window_s: float | None = None
    """The verdict's own window; None for the policy's."""
    min_frames: int | None = None
    """Least frames of the window; None for the policy's."""
    bad_share: float | None = None
    """Part of the window that must be bad, for a fault that comes and goes; None for the policy's."""
    kept_frames: int | None = None
    """How many of the last frames that part is of; None for those of the window."""

    @property
    def fault(self) -> Fault:
        return self.alert.fault

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metric keys this rule looks at, each once, in order."""
        return tuple(dict.fromkeys(bound.metric for bounds in self.any_of for bound in bounds))
