"""Which frames of a stream are kept: pure functions of (state, plan, what came, the stream's own seconds).

The rule: a picture is kept only when the decoder had all it needs for it. So decoding everything starts or stops at a
key frame only, and a "key frame" that is no intra picture (intra-refresh streams mark their recovery points so) proves
that key frames alone cannot be decoded here.
"""

from dataclasses import dataclass, replace

from domain.cameras import SamplingMode, SamplingPlan

KEY_GAP_S = 2.0
GAP_TOLERANCE = 1.25
KEYS_TO_TRUST = 3
KEYS_TO_TRUST_AGAIN = 8
DENSE_INTERVAL_S = 0.2
"""Seconds between pictures while something sudden happens."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """What has been learned of one session's stream. `decode_all` is what the decoder is set to now."""

    decode_all: bool = True
    short_gaps: int = 0
    """Key frames in a row that came soon enough; after `needed_gaps` of them only key frames are decoded."""
    needed_gaps: int = KEYS_TO_TRUST
    last_key_s: float | None = None
    """The last key frame on the stream's clock."""
    keys_alone: bool = True
    """False once a key frame was no intra picture: then all frames are decoded."""
    due_s: float | None = None
    """When the next frame is due on the stream's clock."""
    seen_s: float | None = None
    """The frame decoded last."""


def key_gap_allowed_s(plan: SamplingPlan) -> float | None:
    """Return how far key frames may be apart for the plan to live on them alone, None where it needs all frames."""
    match plan.mode:
        case SamplingMode.ALL:
            return None
        case SamplingMode.KEY_FRAMES:
            return float("inf")
        case SamplingMode.INTERVAL:
            return plan.interval_s
        case SamplingMode.AUTO | SamplingMode.PATROL:
            return max(KEY_GAP_S, plan.interval_s)


def is_adaptive(plan: SamplingPlan) -> bool:
    """Return whether Sightline may choose how often to sample; with the other plans the operator chooses."""
    return plan.mode is SamplingMode.AUTO


def before_decoding(state: Sampling, plan: SamplingPlan, key: bool, now_s: float, *, dense: bool = False) -> Sampling:
    """Return the state with `decode_all` as this video packet needs it; changes at key frames only.

    `dense` asks for more pictures than key frames give.
    """
    allowed_s = key_gap_allowed_s(plan)
    if allowed_s is None or not key:
        return state
    if allowed_s == float("inf"):
        return replace(state, decode_all=not state.keys_alone)
    gap_s = None if state.last_key_s is None else now_s - state.last_key_s
    state = replace(state, last_key_s=now_s)
    if gap_s is None:
        return state
    if gap_s > allowed_s * GAP_TOLERANCE:
        return replace(state, decode_all=True, short_gaps=0, needed_gaps=KEYS_TO_TRUST_AGAIN)
    short_gaps = state.short_gaps + 1
    trusted = state.keys_alone and short_gaps >= state.needed_gaps and not dense
    return replace(state, short_gaps=short_gaps, decode_all=not trusted)


def after_decoding(state: Sampling, key: bool, intra: bool) -> Sampling:
    """Return the state after a decoded frame: a key frame that is no intra picture ends trust in key frames."""
    if key and not intra and state.keys_alone:
        return replace(state, keys_alone=False, decode_all=True)
    return state


def decide_keep(
    state: Sampling, plan: SamplingPlan, key: bool, now_s: float, *, dense: bool = False
) -> tuple[Sampling, bool]:
    """Return the state and whether the decoded frame at `now_s` is offered; where `dense`, of more than usual."""
    if plan.mode is SamplingMode.ALL:
        return state, True
    if plan.mode is SamplingMode.KEY_FRAMES:
        return state, key
    interval_s = min(plan.interval_s, DENSE_INTERVAL_S) if dense else plan.interval_s
    if dense and state.due_s is not None:
        state = replace(state, due_s=min(state.due_s, (state.seen_s or now_s) + interval_s))
    gap_s = 0.0 if state.seen_s is None else min(interval_s, now_s - state.seen_s)
    state = replace(state, seen_s=now_s)
    # The picture nearest to the moment that is due: no later one can be nearer once half a gap is left.
    if state.due_s is not None and now_s < state.due_s - gap_s / 2:
        return state, False
    on_grid = state.due_s is not None and now_s - state.due_s < interval_s / 2
    # After a gap in the stream the grid starts again, so that no burst follows.
    due_s = state.due_s + interval_s if on_grid and state.due_s is not None else now_s + interval_s
    return replace(state, due_s=due_s), True
