"""Sends the outbox to people: groups messages, sends and retries them. One slow receiver stalls no other.

Delivery is at least once and in order. Which messages are delivered to whom and which groups are open is in the store:
after a crash between any two steps a message is repeated under the same key or the step is done again. None is lost.
This is the one place where a change of an incident becomes messages.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import wait
from datetime import datetime, timedelta

from domain.alerts import Incident, IncidentState, NotificationKind, OutboxEntry
from domain.backoff import backoff_s
from domain.camera_directory import CameraDirectory
from domain.cameras import Camera
from domain.ports import AlertStore, Clock, Notifier, QuietTimeStore, StreamStore
from notification.flapping import FlapWatch
from notification.follow_ups import FOLLOW_UP_KINDS, FollowUpPolicy, is_superseded, plan_follow_ups
from notification.grouping import GroupingPolicy, NotificationPlan, plan_notifications
from notification.quiet import QuietTimes, hold_back
from notification.receiver_queue import FIRST_RETRY_S, LAST_RETRY_S, ReceiverCounters, ReceiverQueue
from notification.routing import Routing

_log = logging.getLogger(__name__)

__all__ = ["FIRST_RETRY_S", "LAST_RETRY_S", "Dispatcher"]

DUE_LIMIT = 1000
FOLLOW_UP_EVERY = timedelta(seconds=20)
QUIET_MEMORY = timedelta(days=1)
"""How far back quiet times are read: no message is sent of what began and ended in one while Sightline did not run."""


def _order_in_incident(entry: OutboxEntry) -> tuple[int, datetime]:
    """Return where a message belongs among those of its incident; a clock set back in between does not reorder them."""
    return list(NotificationKind).index(entry.kind), entry.created_at


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
        routing: Routing | None = None,
        quiet: QuietTimeStore | None = None,
        follow_ups: FollowUpPolicy | None = None,
        flaps: FlapWatch | None = None,
        patience_s: float = 1.0,
    ) -> None:
        """Without `routing` every notifier gets every message."""
        self._alerts = alert_store
        self._cameras = CameraDirectory(stream_store)
        self._clock = clock
        self._grouping = grouping or GroupingPolicy()
        self._routing = routing or Routing(everyone=tuple(notifier.name for notifier in notifiers))
        self._quiet = quiet
        self._follow_ups = follow_ups or FollowUpPolicy()
        self._flaps = flaps
        self._followed_at: datetime | None = None
        self._patience_s = patience_s
        self._queues = [ReceiverQueue(notifier) for notifier in notifiers]
        self._waiting: dict[str, OutboxEntry] = {}
        self._receivers: dict[str, frozenset[str]] = {}
        self._held = 0
        self._groups: dict[str, Incident] | None = None

    def run_once(self) -> int:
        """Plan, send and settle what is due; return how many messages were delivered everywhere.

        Raises `StoreUnavailable`; nothing is lost, the next round does it again.
        """
        now = self._clock.now()
        delivered = self._settle(now)
        self._follow_up(now)
        self._watch_flapping(now)
        plan = self._plan(now)
        if plan.groups:
            for step in plan.groups:
                self._alerts.put_group(step.incident, step.entries, step.absorbed)
                self._note(step.incident)
            plan = self._plan(now)
        self._waiting.update((entry.key, entry) for entry in plan.send if entry.key in self._waiting)
        self._begin([entry for entry in plan.send if entry.key not in self._waiting], now)
        for queue in self._queues:
            queue.send(self._entries_waiting_for(queue.name), now)
        in_flight = [future for queue in self._queues for future in queue.futures()]
        wait(in_flight, timeout=self._patience_s)
        return delivered + self._settle(now)

    def close(self) -> None:
        """Stop sending; what was not delivered stays in the outbox."""
        for queue in self._queues:
            queue.close()

    def counters(self) -> Mapping[str, tuple[ReceiverCounters, int]]:
        """Return by receiver what was counted, and how many messages wait for it."""
        waiting = list(self._receivers.items())
        return {
            queue.name: (
                queue.counters,
                sum(queue.name in names and key not in queue.done for key, names in waiting),
            )
            for queue in self._queues
        }

    def _plan(self, now: datetime) -> NotificationPlan:
        due = self._alerts.due(now, limit=DUE_LIMIT + self._held)
        groups = sorted(self._open_groups().values(), key=lambda group: (group.opened_at, group.incident_id))
        cameras = self._read_cameras()
        begun = self._waiting.keys()
        split = hold_back(due, self._quiet_times(now), self._cameras.cameras, now, begun=begun)
        self._held = len(split.held)
        superseded = self._find_superseded(split.free, begun)
        if split.superfluous or superseded:
            self._alerts.mark_delivered([*split.superfluous, *superseded], now)
        free = [message for message in split.free if message.key not in superseded]
        return plan_notifications(free, groups, cameras, now, self._grouping, begun=begun)

    def _find_superseded(self, free: Sequence[OutboxEntry], begun: Collection[str]) -> Collection[str]:
        """Return the keys of follow-ups that somebody's taking on the incident has made superfluous."""
        follow_ups = [each for each in free if each.kind in FOLLOW_UP_KINDS and each.key not in begun]
        stored = {each.incident.incident_id: self._alerts.incident(each.incident.incident_id) for each in follow_ups}
        return {each.key for each in follow_ups if is_superseded(each, stored[each.incident.incident_id])}

    def _quiet_times(self, now: datetime) -> QuietTimes:
        flapping = self._flaps.since() if self._flaps is not None else {}
        if self._quiet is None:
            return QuietTimes(flapping=flapping)
        since = now - QUIET_MEMORY
        windows = self._quiet.windows_between(since, now + timedelta(seconds=1))
        return QuietTimes(tuple(windows), tuple(self._quiet.snoozes(since)), flapping)

    def _follow_up(self, now: datetime) -> None:
        """Put reminders and escalations that are due into the outbox."""
        if self._followed_at is not None and timedelta(0) <= now - self._followed_at < FOLLOW_UP_EVERY:
            return
        self._followed_at = now
        incidents = self._alerts.incidents(state=IncidentState.OPEN, limit=10 * DUE_LIMIT)
        notified = self._alerts.receivers_notified([incident.incident_id for incident in incidents])
        entries = plan_follow_ups(
            incidents, notified, self._routing, self._read_cameras(), now, policy=self._follow_ups
        )
        deliveries = self._alerts.deliveries([entry.key for entry in entries])
        fresh = [entry for entry in entries if entry.key not in deliveries]
        if fresh:
            self._alerts.add_messages(fresh)

    def _watch_flapping(self, now: datetime) -> None:
        if self._flaps is None:
            return

        def find_open() -> Sequence[Incident]:
            return self._alerts.incidents(state=IncidentState.OPEN, limit=10 * DUE_LIMIT)

        for step in self._flaps.look(self._read_cameras(), find_open, now):
            self._alerts.put_group(step.incident, step.entries, step.absorbed)

    def _open_groups(self) -> dict[str, Incident]:
        if self._groups is None:
            incidents = self._alerts.incidents(state=IncidentState.OPEN, limit=DUE_LIMIT)
            self._groups = {each.incident_id: each for each in incidents if each.members and not each.flapping}
        return self._groups

    def _note(self, group: Incident) -> None:
        groups = self._open_groups()
        groups.pop(group.incident_id, None)
        if group.state is IncidentState.OPEN:
            groups[group.incident_id] = group

    def _read_cameras(self) -> Sequence[Camera]:
        self._cameras.refresh()
        return tuple(self._cameras.cameras.values())

    def _begin(self, entries: Sequence[OutboxEntry], now: datetime) -> None:
        """Decide to whom new messages go, write it down, and take up those of before a restart where they were."""
        if not entries:
            return
        planned = self._alerts.deliveries([entry.key for entry in entries])
        notified = self._alerts.receivers_notified({entry.incident.incident_id for entry in entries})
        cameras = tuple(self._cameras.cameras.values())
        chosen = {
            entry.key: self._routing.choose_receivers(entry, cameras, now, notified.get(entry.incident.incident_id, ()))
            for entry in entries
            if entry.key not in planned
        }
        self._alerts.plan_deliveries(chosen, now)
        queues = {queue.name: queue for queue in self._queues}
        for entry in entries:
            before = planned.get(entry.key, {})
            # A receiver that is no longer in the settings gets nothing, and holds up nobody.
            names = frozenset(before or chosen[entry.key]) & queues.keys()
            self._waiting[entry.key] = entry
            self._receivers[entry.key] = names
            for name in names:
                if before.get(name):
                    queues[name].done.add(entry.key)

    def _entries_waiting_for(self, receiver: str) -> Sequence[OutboxEntry]:
        mine = [entry for key, entry in self._waiting.items() if receiver in self._receivers[key]]
        began: dict[str, datetime] = {}
        for entry in mine:
            incident = entry.incident.incident_id
            began[incident] = min(entry.created_at, began.get(incident, entry.created_at))
        return sorted(
            mine,
            key=lambda entry: (
                began[entry.incident.incident_id],
                entry.incident.incident_id,
                *_order_in_incident(entry),
            ),
        )

    def _settle(self, now: datetime) -> int:
        """Record what the queues have finished; return how many messages all of them have now delivered."""
        failed: dict[str, str] = {}
        received: list[tuple[str, str]] = []
        for queue in self._queues:
            for key, reason in queue.collect_results(now).items():
                if reason:
                    failed[key] = reason
                else:
                    received.append((key, queue.name))
        if received:
            self._alerts.mark_received(received, now)
        finished = [key for key in self._waiting if self._has_everybody(key)]
        if finished:
            self._alerts.mark_delivered(finished, now)
            self._forget(finished)
        self._postpone({key: reason for key, reason in failed.items() if key in self._waiting}, now)
        return len(finished)

    def _has_everybody(self, key: str) -> bool:
        return all(key in queue.done for queue in self._queues if queue.name in self._receivers[key])

    def _postpone(self, failed: Mapping[str, str], now: datetime) -> None:
        for key, reason in failed.items():
            wait_s = backoff_s(self._waiting[key].attempts + 1, first_s=FIRST_RETRY_S, longest_s=LAST_RETRY_S)
            _log.warning("notification %s not delivered, next attempt in %.0f s: %s", key, wait_s, reason)
            self._alerts.postpone([key], now + timedelta(seconds=wait_s), reason)

    def _forget(self, keys: Collection[str]) -> None:
        for key in keys:
            del self._waiting[key], self._receivers[key]
        for queue in self._queues:
            queue.forget(keys)
