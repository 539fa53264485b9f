"""Shadow mode works between the dispatcher and each receiver: what it covers is kept, the rest is sent.

Grouping, order and routes are the dispatcher's and work as ever, so what is kept is exactly what would have been sent.
"""

from collections.abc import Sequence

from domain.alerts import Incident, NotificationKind, OutboxEntry
from domain.errors import NotifierUnavailable, StoreUnavailable
from domain.ports import Clock, DigestNotifier, Notifier, ShadowLog, StreamStore
from domain.shadow import ShadowMessage, ShadowScope


class ShadowNotifier:
    """A receiver behind shadow mode.

    Of an incident whose first message was kept nothing is ever sent, or its receiver would learn of the end of
    something it never heard of. The end of one that was announced is sent in shadow mode too, or its receiver would
    call it open for ever.
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
        """Keep or send one message. Raises `NotifierUnavailable`, also where the database is unavailable."""
        if not self._keep(entry):
            self._receiver.send(entry)

    def _keep(self, entry: OutboxEntry) -> bool:
        """Keep a message that shadow mode covers; return whether it does."""
        try:
            kept = self._is_kept(entry)
            if kept:
                self._log.record(ShadowMessage(entry.key, self.name, entry.kind, entry.incident, self._clock.now()))
            return kept
        except StoreUnavailable as error:
            raise NotifierUnavailable(f"shadow mode cannot be looked up: {error}") from error

    def _is_kept(self, entry: OutboxEntry) -> bool:
        if self._log.was_notified(entry.incident.incident_id, self.name):
            return entry.kind is not NotificationKind.RESOLVED and self._covers(entry.incident)
        return self._covers(entry.incident) or self._log.holds(entry.incident.incident_id, self.name)

    def _covers(self, incident: Incident) -> bool:
        """Return whether all that the message is about lies in shadow; a group of all cameras names no site."""
        if incident.members and not incident.site and not self._scope.everywhere:
            return bool(self._scope.sites) and all(
                self._scope.covers_site(self._site_of(name)) for name in incident.members
            )
        return self._scope.covers_site(incident.site)

    def _site_of(self, name: str) -> str:
        camera = self._streams.camera(name)
        return camera.site if camera is not None else ""


class ShadowDigestNotifier(ShadowNotifier):
    """A receiver that takes many messages as one, behind shadow mode."""

    def __init__(
        self, receiver: DigestNotifier, log: ShadowLog, streams: StreamStore, scope: ShadowScope, clock: Clock
    ) -> None:
        super().__init__(receiver, log, streams, scope, clock)
        self._digests = receiver

    def send_digest(self, entries: Sequence[OutboxEntry]) -> None:
        """Keep those that are covered, and send the others as one message."""
        others = [entry for entry in entries if not self._keep(entry)]
        if others:
            self._digests.send_digest(others)


def behind_shadow(
    receivers: Sequence[Notifier], log: ShadowLog, streams: StreamStore, scope: ShadowScope, clock: Clock
) -> list[Notifier]:
    """Return the receivers, each behind shadow mode."""
    return [
        ShadowDigestNotifier(receiver, log, streams, scope, clock)
        if isinstance(receiver, DigestNotifier)
        else ShadowNotifier(receiver, log, streams, scope, clock)
        for receiver in receivers
    ]
