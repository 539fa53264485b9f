"""One receiver with a thread of its own: its messages keep their order, and it slows no other."""

import logging
import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from queue import SimpleQueue

from domain.alerts import OutboxEntry
from domain.backoff import backoff_s
from domain.errors import NotifierUnavailable
from domain.ports import DigestNotifier, Notifier
from domain.text.redaction import clean_reason

_log = logging.getLogger(__name__)

FIRST_RETRY_S, LAST_RETRY_S = 5.0, 600.0
BURST = 5
"""More messages than this at once become a digest, where the receiver is a person."""
DIGEST_LIMIT = 200


@dataclass
class ReceiverCounters:
    """What one receiver was sent since this process started; `failed` counts attempts."""

    delivered: int = 0
    failed: int = 0


class _SendingThread:
    """Does one thing after another in a daemon thread: a receiver that hangs does not keep the process from ending.

    The standard library's executor waits for its threads when the interpreter ends.
    """

    def __init__(self, name: str) -> None:
        self._waiting: SimpleQueue[tuple[Future[None], Callable[[], None]] | None] = SimpleQueue()
        self._closed = False
        threading.Thread(target=self._work, name=name, daemon=True).start()

    def submit(self, send: Callable[[], None]) -> Future[None]:
        future: Future[None] = Future()
        self._waiting.put((future, send))
        return future

    def close(self) -> None:
        """Begin nothing more; what is being sent may finish."""
        self._closed = True
        self._waiting.put(None)

    def _work(self) -> None:
        while (task := self._waiting.get()) is not None:
            future, send = task
            if self._closed or not future.set_running_or_notify_cancel():
                future.cancel()
                continue
            try:
                send()
            except Exception as error:  # noqa: BLE001 - whoever asks for the result is told
                future.set_exception(error)
            else:
                future.set_result(None)


@dataclass
class _Attempt:
    keys: tuple[str, ...]
    future: Future[None]


@dataclass
class ReceiverQueue:
    """The messages on their way to one receiver.

    One that is read by people gets a digest of what came together while it was unavailable; then it is asked as a
    whole, ever more slowly. Every other receiver gets each message, and each is tried again by its own times.
    """

    notifier: Notifier
    done: set[str] = field(default_factory=set)
    counters: ReceiverCounters = field(default_factory=ReceiverCounters)
    _attempts: list[_Attempt] = field(default_factory=list)
    _failures: int = 0
    _retry_at: datetime | None = None
    _retries: dict[str, tuple[int, datetime]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._thread = _SendingThread(f"notify-{self.notifier.name}")
        self._digests = isinstance(self.notifier, DigestNotifier)

    @property
    def name(self) -> str:
        return self.notifier.name

    @property
    def in_flight(self) -> frozenset[str]:
        return frozenset(key for attempt in self._attempts for key in attempt.keys)

    def futures(self) -> Sequence[Future[None]]:
        return [attempt.future for attempt in self._attempts]

    def send(self, waiting: Sequence[OutboxEntry], now: datetime) -> None:
        """Begin to send what waits for this receiver, as far as it is time. `waiting` is in the order of sending."""
        flying = self.in_flight
        waiting = [entry for entry in waiting if entry.key not in self.done]
        firsts = {entry.incident.incident_id: entry.key for entry in reversed(waiting)}
        open_ones = [entry for entry in waiting if entry.key not in flying]
        ready = [entry for entry in open_ones if firsts[entry.incident.incident_id] == entry.key]
        if self._digests:
            self._send_to_people(open_ones, ready, now)
            return
        for entry in ready:
            if not _is_ahead(self._retries.get(entry.key, (0, now))[1], now):
                self._submit([entry])

    def _send_to_people(self, waiting: Sequence[OutboxEntry], ready: Sequence[OutboxEntry], now: datetime) -> None:
        if not ready or self._attempts or (self._retry_at is not None and _is_ahead(self._retry_at, now)):
            return
        many = len(waiting) > (BURST if self._failures == 0 else 1)
        # After every other failure one message alone is tried, the least tried first: one may be never taken.
        if many and (self._failures == 0 or self._failures % 2 == 1):
            self._submit(waiting[:DIGEST_LIMIT])
        elif self._failures == 0:
            for entry in ready:
                self._submit([entry])
        else:
            self._submit([min(ready, key=lambda entry: self._retries.get(entry.key, (0, now))[0])])

    def _submit(self, entries: Sequence[OutboxEntry]) -> None:
        for entry in entries:
            self._retries.setdefault(entry.key, (entry.attempts, entry.created_at))
        if len(entries) == 1:
            future = self._thread.submit(partial(self.notifier.send, entries[0]))
        else:
            assert isinstance(self.notifier, DigestNotifier)
            future = self._thread.submit(partial(self.notifier.send_digest, tuple(entries)))
        self._attempts.append(_Attempt(tuple(entry.key for entry in entries), future))

    def collect_results(self, now: datetime) -> dict[str, str]:
        """Return the messages that were finished since the last call, each with why it failed, or ""."""
        results = {}
        for attempt in [each for each in self._attempts if each.future.done()]:
            self._attempts.remove(attempt)
            reason = self._settle(attempt, now)
            results.update(dict.fromkeys(attempt.keys, reason))
        return results

    def _settle(self, attempt: _Attempt, now: datetime) -> str:
        error = attempt.future.exception()
        if error is None:
            self.done.update(attempt.keys)
            self.counters.delivered += len(attempt.keys)
            self._failures, self._retry_at = 0, None
            return ""
        if not isinstance(error, NotifierUnavailable):
            _log.error("notifier %s failed unexpectedly", self.name, exc_info=error)
        self.counters.failed += 1
        if self._retry_at is None or not _is_ahead(self._retry_at, now):  # else it failed together with the one before
            self._failures += 1
            self._retry_at = now + _wait(self._failures)
        for key in attempt.keys:
            tried = self._retries.get(key, (0, now))[0] + 1
            self._retries[key] = tried, now + _wait(tried)
        known = isinstance(error, NotifierUnavailable)
        return f"{self.name}: {clean_reason(str(error)) if known else type(error).__name__}"

    def forget(self, keys: Collection[str]) -> None:
        """Forget messages that everybody has."""
        self.done.difference_update(keys)
        for key in keys:
            self._retries.pop(key, None)

    def close(self) -> None:
        self._thread.close()


def _wait(failures: int) -> timedelta:
    return timedelta(seconds=backoff_s(failures, first_s=FIRST_RETRY_S, longest_s=LAST_RETRY_S))


def _is_ahead(attempt_at: datetime, now: datetime) -> bool:
    """Return whether the next attempt is still to wait for. None waits longer than the longest pause: one further
    ahead was put off before the clock was set back.
    """
    return now < attempt_at <= now + timedelta(seconds=LAST_RETRY_S)
