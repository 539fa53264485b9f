"""Sends the outbox to people: groups messages, sends and retries them. One slow receiver stalls no other.

Delivery is at least once and in order. Which messages are delivered and which groups are open is in the store: after a
crash between any two steps a message is repeated under the same key or the step is done again. None is lost.
"""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta

from domain.alerts import Incident, IncidentState, NotificationKind, OutboxEntry
from domain.backoff import backoff_s
from domain.camera_directory import CameraDirectory
from domain.cameras import Camera
from domain.errors import NotifierUnavailable
from domain.ports import AlertStore, Clock, Notifier, StreamStore
from notification.grouping import GroupingPolicy, NotificationPlan, plan_notifications

LOG = logging.getLogger(__name__)

DUE_LIMIT = 1000
FIRST_RETRY_S, LAST_RETRY_S = 5.0, 600.0


class _NotifierQueue:
    """One receiver with a thread of its own: its messages keep their order, and it slows no other."""

    def __init__(self, notifier: Notifier) -> None:
        self.notifier = notifier
        self.in_flight: dict[str, Future[None]] = {}
        self.done: set[str] = set()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"notify-{notifier.name}")

    def send(self, entry: OutboxEntry) -> None:
        self.in_flight[entry.key] = self._thread.submit(self.notifier.send, entry)

    def collect_results(self) -> dict[str, str]:
        """Return the messages that were finished since the last call, each with why it failed, or ""."""
        results = {}
        for key, future in list(self.in_flight.items()):
            if not future.done():
                continue
            del self.in_flight[key]
            error = future.exception()
            if error is None:
                self.done.add(key)
            elif not isinstance(error, NotifierUnavailable):
                LOG.error("notifier %s failed unexpectedly", self.notifier.name, exc_info=error)
            results[key] = "" if error is None else f"{self.notifier.name}: {_error_text(error)}"
        return results

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)


def _order_in_incident(entry: OutboxEntry) -> tuple[int, datetime]:
    """Return where a message belongs among those of its incident; a clock set back in between does not reorder them."""
    return list(NotificationKind).index(entry.kind), entry.created_at


def _error_text(error: BaseException) -> str:
    return str(error) if isinstance(error, NotifierUnavailable) else type(error).__name__


class Dispatcher:
    """Owns the outbox; exactly one runs. One round waits at most `patience_s` for the receivers."""

    def __init__(
        self,
        alert_store: AlertStore,
        stream_store: StreamStore,
        notifiers: Sequence[Notifier],
        clock: Clock,
        *,
        grouping: GroupingPolicy | None = None,
        patience_s: float = 1.0,
    ) -> None:
        self._alerts = alert_store
        self._cameras = CameraDirectory(stream_store)
        self._clock = clock
        self._grouping = grouping or GroupingPolicy()
        self._patience_s = patience_s
        self._queues = [_NotifierQueue(notifier) for notifier in notifiers]
        self._waiting: dict[str, OutboxEntry] = {}
        self._groups: dict[str, Incident] | None = None

    def run_once(self) -> int:
        """Plan, send and settle what is due; return how many messages were delivered everywhere.

        Raises `StoreUnavailable`; nothing is lost, the next round does it again.
        """
        now = self._clock.now()
        delivered = self._settle(now)
        plan = self._plan(now)
        if plan.groups:
            for step in plan.groups:
                self._alerts.put_group(step.incident, step.entries, step.absorbed)
                self._note(step.incident)
            plan = self._plan(now)
        self._waiting.update((entry.key, entry) for entry in plan.send)
        for entry in plan.send:
            self._send(entry)
        in_flight = [future for queue in self._queues for future in queue.in_flight.values()]
        wait(in_flight, timeout=self._patience_s)
        return delivered + self._settle(now)

    def close(self) -> None:
        """Stop sending; what was not delivered stays in the outbox."""
        for queue in self._queues:
            queue.close()

    def _plan(self, now: datetime) -> NotificationPlan:
        due = self._alerts.due(now, limit=DUE_LIMIT)
        groups = sorted(self._open_groups().values(), key=lambda group: (group.opened_at, group.incident_id))
        sent = self._waiting.keys()
        return plan_notifications(due, groups, self._read_cameras(), now, self._grouping, begun=sent)

    def _open_groups(self) -> dict[str, Incident]:
        if self._groups is None:
            found = self._alerts.incidents(state=IncidentState.OPEN, limit=DUE_LIMIT)
            self._groups = {incident.incident_id: incident for incident in found if incident.members}
        return self._groups

    def _note(self, group: Incident) -> None:
        groups = self._open_groups()
        groups.pop(group.incident_id, None)
        if group.state is IncidentState.OPEN:
            groups[group.incident_id] = group

    def _read_cameras(self) -> Sequence[Camera]:
        self._cameras.refresh()
        return tuple(self._cameras.cameras.values())

    def _send(self, entry: OutboxEntry) -> None:
        """Hand a message to every queue that lacks it and has nothing earlier of that incident to send."""
        for queue in self._queues:
            if (
                entry.key not in queue.done
                and entry.key not in queue.in_flight
                and not self._must_wait_for_earlier(queue, entry)
            ):
                queue.send(entry)

    def _must_wait_for_earlier(self, queue: _NotifierQueue, entry: OutboxEntry) -> bool:
        return any(
            other.incident.incident_id == entry.incident.incident_id
            and _order_in_incident(other) < _order_in_incident(entry)
            and other.key not in queue.done
            and other.key not in queue.in_flight
            for other in self._waiting.values()
        )

    def _settle(self, now: datetime) -> int:
        """Record what the queues have finished; return how many messages all of them have now delivered."""
        failed: dict[str, str] = {}
        for queue in self._queues:
            failed.update({key: why for key, why in queue.collect_results().items() if why})
        done = [key for key in self._waiting if all(key in queue.done for queue in self._queues)]
        if done:
            self._alerts.mark_delivered(done, now)
            self._forget(done)
        self._postpone({key: why for key, why in failed.items() if key in self._waiting}, now)
        return len(done)

    def _postpone(self, failed: Mapping[str, str], now: datetime) -> None:
        for key, why in failed.items():
            wait_s = backoff_s(self._waiting[key].attempts + 1, first_s=FIRST_RETRY_S, longest_s=LAST_RETRY_S)
            LOG.warning("notification %s not delivered, next attempt in %.0f s: %s", key, wait_s, why)
            self._alerts.postpone([key], now + timedelta(seconds=wait_s), why)

    def _forget(self, keys: Sequence[str]) -> None:
        for key in keys:
            del self._waiting[key]
            for queue in self._queues:
                queue.done.discard(key)
