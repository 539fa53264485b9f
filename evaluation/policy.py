"""How patient the judgement is: every time and count that does not belong to one single fault."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.alerts import AlertRule
from domain.cameras import Camera
from domain.metrics import MetricSpec


@dataclass(frozen=True, slots=True)
class Policy:
    """Times in seconds of the stream's own clock (`received_at`), counts in frames. `Policy()` is production.

    `raise_s` replaces every rule's own `hold_for_s` (and its double every `keep_firing_for_s`) where it is set.
    """

    verdict_window_s: float = 1.0
    """A verdict looks at the samples of the last seconds …"""
    verdict_min_frames: int = 3
    """… and at no fewer than these."""
    bad_share: float = 0.8
    """Share of a window's samples that must be bad for a fault, and good for its end."""

    learn_s: float = 4 * 3600.0
    """A baseline is learned over a camera's first hours in a light mode …"""
    learn_frames: int = 300
    """… and from no fewer frames than these."""
    provisional_s: float | None = 60.0
    """What was seen after so many seconds …"""
    provisional_frames: int = 10
    """… in so many good frames replace a baseline until learning ends; never where None."""
    provisional_sensitivity: int | None = 2
    """Against a provisional baseline no fault is judged more keenly than this; None for no such bound."""
    provisional_for_all: bool = False
    """Whether every fault is judged against it, or only those whose rules say so."""
    background_s: float = 30.0
    """The window whose still parts are compared with the learned view."""
    preset_moved_s: float = 1800.0
    """A PTZ camera has moved when it looks at none of its presets for this long …"""
    preset_covered_s: float = 120.0
    """… and is covered when the structure of all of them is gone for this long."""
    refuse_share: float = 0.5
    """A view that failed an absolute bound in this share of the learning frames is refused."""
    accept_frames: int = 3
    """Frames from which an accepted view is learned; taken from memory where it holds as many."""
    memory_frames: int = 5
    memory_s: float = 30.0
    """How old a remembered frame may be to stand for the accepted view."""
    follow_s: float = 1800.0
    """How often a learned baseline takes a slow step towards what is seen while nothing is wrong …"""
    follow_frames: int = 30
    """… from no fewer frames than these …"""
    follow_weight: float = 0.1
    """… and how large this step is."""
    course_s: float = 24 * 3600.0
    """How long a course of the light takes; what depends on its hour is not compared before one was seen."""
    steady_s: float = 2 * 3600.0
    """After a change of light mode what the camera's gain does to a picture is not compared for this long."""

    mode_dwell_s: float = 20.0
    """Another light must last this long before the mode changes."""
    black_dwell_s: float = 3600.0
    """… and a picture gone black at once so long: only then is it taken for a scene whose light was switched off."""
    settle_s: float = 120.0
    """After a mode change the picture is not assessable for this long: exposure, focus and filter move."""
    unlit_note_s: float = 12 * 3600.0

    silent_s: float = 15.0
    """Without a status for this long, ingest itself is silent and nothing can be said."""
    error_window_s: float = 30.0

    raise_s: float | None = None
    flap_memory_s: float = 3600.0
    """An alert that comes back within this time flaps; each flap doubles its clear time, up to `flap_limit` times."""
    flap_limit: int = 3
    event_shown_s: float = 600.0
    incident_settle_s: float = 10.0
    """A first alert waits this long for company, so that the headline is the cause and not its first symptom …"""
    explanation_wait_s: float = 300.0
    """… and at most this long while a fault that would explain it is pending."""
    rate_window_s: float = 10.0
    """A stream's rates are means over this long: a cause that is judged by one shows so much after its symptoms."""
    metrics: Mapping[str, MetricSpec] = field(default_factory=dict, compare=False, repr=False)
    """By which reasons name numbers, in a guard's words and units; a metric that is not listed goes by its key."""

    @classmethod
    def for_clips(cls) -> "Policy":
        """For recordings and `watch`: the live path's windows, 3 s of warm-up, no wait before an alert."""
        return cls(
            provisional_s=2.0,
            provisional_frames=3,
            provisional_sensitivity=None,
            provisional_for_all=True,
            background_s=0.6,
            course_s=0.0,
            steady_s=0.0,
            preset_moved_s=10.0,
            preset_covered_s=3.0,
            learn_frames=3,
            mode_dwell_s=2.0,
            settle_s=4.0,
            raise_s=0.0,
            incident_settle_s=0.0,
            explanation_wait_s=0.0,
            rate_window_s=0.0,
        )

    @classmethod
    def for_pictures(cls) -> "Policy":
        """For single photographs: one sample is all there will be."""
        return replace(cls.for_clips(), verdict_min_frames=1, verdict_window_s=0.0)

    @classmethod
    def short(cls, raise_s: float) -> "Policy":
        """For the demo: every alert is raised after `raise_s`, and the other times shrink in proportion.

        The windows of a stream's rates do not shrink: reading sets them.
        """
        return cls(
            verdict_window_s=min(4.0, max(2.0, raise_s)),
            provisional_s=max(3.0, 2 * raise_s),
            provisional_frames=5,
            provisional_sensitivity=None,
            provisional_for_all=True,
            background_s=max(1.0, raise_s / 2),
            course_s=0.0,
            steady_s=0.0,
            preset_moved_s=10 * raise_s,
            preset_covered_s=2 * raise_s,
            learn_frames=5,
            mode_dwell_s=raise_s,
            settle_s=2 * raise_s,
            raise_s=raise_s,
            incident_settle_s=max(1.0, raise_s),
            explanation_wait_s=max(2.0, 2 * raise_s),
        )

    def hold_for_s(self, rule: AlertRule) -> float:
        """Return how long `rule`'s fault must last before it raises an alert."""
        return rule.hold_for_s if self.raise_s is None or rule.event else self.raise_s

    def keep_firing_for_s(self, rule: AlertRule, flaps: int) -> float:
        """Return how long the fault must be gone before its alert ends; doubled by each flap."""
        base = rule.keep_firing_for_s if self.raise_s is None else 2 * self.raise_s
        return base * float(2 ** min(flaps, self.flap_limit))


@dataclass(frozen=True, slots=True)
class EvaluationContext:
    """By what one observation is judged: the camera as its operator set it up, the stream's time, the policy."""

    camera: Camera
    now: datetime
    policy: Policy
