"""The process's own numbers for /metrics."""

from collections.abc import Callable, Mapping

from notification.dispatcher import Dispatcher
from sightline.runtime.clock import SteadyClock
from sightline.services.scoring_service import ScoringService


def collect_process_metrics(
    clock: SteadyClock, scoring: ScoringService | None, waiting: Callable[[], int] | None = None
) -> Mapping[str, float]:
    """Return how the clock is, and what the scoring worker counted since it started and how many messages wait for it.

    `waiting` counts them; without it the worker's own consumer does.
    """
    found: dict[str, float] = {"clock_offset_seconds": clock.offset_s, "clock_steps_total": clock.steps}
    if scoring is None:
        return found
    found["scoring_lag_messages"] = (waiting or scoring.count_waiting)()
    worker = scoring.worker()
    if worker is not None:
        counters = worker.counters
        found |= {
            "units_total": counters.batches,
            "frames_scored_total": counters.frames_scored,
            "frames_rejected_total": counters.frames_rejected,
            "messages_skipped_total": counters.messages_skipped,
            "scoring_lag_seconds": worker.lag_s,
            "frames_dropped_total": counters.frames_dropped,
            "frames_refused_total": counters.frames_refused,
            "messages_put_aside_total": counters.messages_put_aside,
            "messages_unreadable_total": scoring.count_unreadable(),
            "messages_expired_total": scoring.count_expired(),
        }
    return found


def collect_receiver_metrics(dispatcher: Dispatcher) -> Mapping[str, Mapping[str, float]]:
    """Return, by receiver, what the dispatcher delivered, how often it failed, and what waits."""
    counted = dispatcher.counters()
    return {
        "notifications_delivered_total": {name: own.delivered for name, (own, _) in counted.items()},
        "notifications_failed_total": {name: own.failed for name, (own, _) in counted.items()},
        "notifications_waiting": {name: waiting for name, (_, waiting) in counted.items()},
    }
