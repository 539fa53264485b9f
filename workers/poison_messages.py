"""One bad message does not stop the others: it is found by halving the batch, and alone becomes a dead letter."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from domain.frames import Frame
from domain.messages import DeadLetter, Delivery
from domain.ports import StreamConsumer
from workers.message_triage import untimely_reason
from workers.store_retry import WorkerStopped

_log = logging.getLogger(__name__)

UNTIMELY_BATCHES = 5
"""After this many batches in a row without one timely message, the clocks are wrong and not a message."""
Deliveries = Sequence[Delivery]


class PoisonMessageGuard:
    """Evaluates a batch through `evaluate_batch`, which is all or nothing, without the messages that make it fail.

    `store` keeps the dead letter of a frame. Only `WorkerStopped` is raised. A message is tried with its batch, with
    each half of it that fails, and once alone: a batch is tried at most about twice as often as it has messages.
    """

    def __init__(
        self,
        consumer: StreamConsumer,
        evaluate_batch: Callable[[Deliveries], None],
        store: Callable[[DeadLetter], None],
    ) -> None:
        self._consumer = consumer
        self._evaluate_batch = evaluate_batch
        self._store = store
        self.rejected_count = 0
        self._untimely_batches = 0
        self._untimely = ""

    @property
    def clock_reason(self) -> str:
        """Return why no recent message is timely, "" while some are."""
        return self._untimely if self._untimely_batches >= UNTIMELY_BATCHES else ""

    def keep_timely(self, deliveries: Deliveries, now: datetime) -> Deliveries:
        """Return what may be evaluated at `now`; messages with far or unreadable times become dead letters."""
        reasons = [_untimely_reason(delivery, now) for delivery in deliveries]
        timely = tuple(delivery for delivery, reason in zip(deliveries, reasons, strict=True) if not reason)
        if timely:
            self._untimely_batches = 0
        elif deliveries:
            self._untimely_batches, self._untimely = self._untimely_batches + 1, reasons[0]
        for delivery, reason in zip(deliveries, reasons, strict=True):
            if reason:
                _log.warning("a message at %s was put aside: %s", delivery.position, reason)
                self._reject(delivery, reason, now)
        return timely

    def evaluate(self, deliveries: Deliveries, now: datetime) -> None:
        """Evaluate and store what can be; `now` dates the dead letters. Raises `WorkerStopped`."""
        if not deliveries:
            return
        try:
            self._evaluate_batch(deliveries)
        except WorkerStopped:
            raise
        except Exception as error:  # noqa: BLE001 - the outermost guard of the scoring loop
            # A defect, or a row that the store refuses, must not end the watch over every camera.
            if len(deliveries) == 1:
                _log.exception("a message at %s cannot be evaluated or stored: put aside", deliveries[0].position)
                self._reject(deliveries[0], f"it cannot be evaluated or stored ({type(error).__name__})", now)
                return
            name = type(error).__name__
            _log.warning("a batch of %d messages failed (%s); each half is tried alone", len(deliveries), name)
            middle = len(deliveries) // 2
            self.evaluate(deliveries[:middle], now)
            self.evaluate(deliveries[middle:], now)

    def _reject(self, delivery: Delivery, reason: str, now: datetime) -> None:
        self.rejected_count += 1
        try:
            self._consumer.dead_letter(delivery, reason)
            if isinstance(delivery.message, Frame):
                letter = DeadLetter.of(delivery.message, reason)
                self._store(replace(letter, received_at=now) if _untimely_reason(delivery, now) else letter)
        except WorkerStopped:
            raise
        except Exception as error:  # noqa: BLE001 - the dead letter may be refused as well
            name = type(error).__name__
            _log.warning("a message was put aside without a dead letter (%s)", name, exc_info=error)


def _untimely_reason(delivery: Delivery, now: datetime) -> str:
    try:
        return untimely_reason(delivery.message, now)
    except (ArithmeticError, AttributeError, TypeError, ValueError) as error:
        return f"malformed message: its time cannot be read ({type(error).__name__})"
