"""Shadow mode stands between the dispatcher and each receiver: what it covers is kept, the rest is sent.

Grouping, order and routes are the dispatcher's and work as ever, so what is kept is exactly what would have been sent.
"""

from collections.abc import Sequence

from domain.alerts import Incident, OutboxEntry
from domain.errors import NotifierUnavailable, StoreUnavailable
from domain.ports import Clock, Notifier, ShadowLog, StreamStore
from domain.shadow import ShadowMessage, ShadowScope


class ShadowNotifier:
    """A receiver behind shadow mode.

    An incident stays in the mode in which it began: one whose first message was kept is never sent, or its receiver
    would learn of the end of something it never heard of.
    """

    def __init__(
        self, receiver: Notifier, log: ShadowLog, streams: StreamStore, scope: ShadowScope, clock: Clock
    ) -> None:
        self.name = receiver.name
        self._receiver = receiver
        self._log = log
        self._streams = streams
        self._scope = scope
        self._clock = clock

    def send(self, entry: OutboxEntry) -> None:
        """Keep or send one message. Raises `NotifierUnavailable`, also where the database is away."""
        try:
            covered = self._covers(entry.incident) or self._log.holds(entry.incident.incident_id, self.name)
            if covered:
                self._log.record(ShadowMessage(entry.key, self.name, entry.kind, entry.incident, self._clock.now()))
        except StoreUnavailable as error:
            raise NotifierUnavailable(f"shadow mode cannot be looked up: {error}") from error
        if not covered:
            self._receiver.send(entry)

    def _covers(self, incident: Incident) -> bool:
        """Say whether all that the message is about lies in shadow; a group of all cameras names no site of its own."""
        if incident.members and not incident.site and not self._scope.everywhere:
            return bool(self._scope.sites) and all(
                self._scope.covers_site(self._site_of(name)) for name in incident.members
            )
        return self._scope.covers_site(incident.site)

    def _site_of(self, name: str) -> str:
        camera = self._streams.camera(name)
        return camera.site if camera is not None else ""


def behind_shadow(
    receivers: Sequence[Notifier], log: ShadowLog, streams: StreamStore, scope: ShadowScope, clock: Clock
) -> list[Notifier]:
    """Return the receivers, each behind shadow mode."""
    return [ShadowNotifier(receiver, log, streams, scope, clock) for receiver in receivers]
