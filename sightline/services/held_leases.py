"""Which cameras this process may read: each under a lease with a token that later holders outrank.

A lease that could not be renewed ends here when it ends in the store, so that no two processes log in to one camera.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.cameras import Camera
from domain.errors import StoreUnavailable
from domain.frames import Frame
from domain.messages import StreamMessage
from domain.ports import CameraLeases, Clock, StreamPublisher

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Lease:
    token: int
    until: datetime


class HeldLeases:
    """The leases of one process. Used by one thread; `tokens` may be read from others."""

    def __init__(
        self, leases: CameraLeases, holder: str, clock: Clock, *, lease_s: float, max_cameras: int | None = None
    ) -> None:
        self._leases = leases
        self._holder = holder
        self._clock = clock
        self._lease_s = lease_s
        self._max_cameras = max_cameras
        self._held: Mapping[str, _Lease] = {}

    @property
    def tokens(self) -> Mapping[str, int]:
        """Return the token of each camera held."""
        return {name: lease.token for name, lease in self._held.items()}

    def refresh(self, cameras: Sequence[Camera]) -> None:
        """Renew what is held, take what is free, give back what is not wanted any more.

        Raises `StoreUnavailable` after dropping every lease that ran out meanwhile.
        """
        wanted = sorted(camera.name for camera in cameras if camera.enabled)
        now = self._clock.now()
        self._held = {name: lease for name, lease in self._held.items() if lease.until > now}
        self.release(self._held.keys() - set(wanted))
        # Those held first: a place must not go to a new camera while one we read waits to be renewed.
        for name in sorted(wanted, key=lambda name: name not in self._held):
            self._take(name, now)

    def release(self, names: Collection[str] | None = None) -> None:
        """Give cameras back at once, all of them where none is named. Raises `StoreUnavailable`."""
        for name in sorted(self._held if names is None else names):
            self._held = {other: lease for other, lease in self._held.items() if other != name}
            self._leases.release(name, self._holder)

    def _take(self, name: str, now: datetime) -> None:
        lease = self._held.get(name)
        # One that runs longer than a lease can is of before our clock was set back: to be renewed at once.
        fresh = lease is not None and self._lease_s * 2 / 3 < (lease.until - now).total_seconds() <= self._lease_s
        full = lease is None and self._max_cameras is not None and len(self._held) >= self._max_cameras
        if fresh or full:
            return
        token = self._leases.acquire(name, self._holder, now=now, ttl_s=self._lease_s)
        others = {other: kept for other, kept in self._held.items() if other != name}
        if token is None:
            self._held = others
        else:
            self._held = {**others, name: _Lease(token, now + timedelta(seconds=self._lease_s))}
        if (token is None) != (lease is None):
            _log.info("camera %s: %s", name, "taken over by another process" if token is None else "read here now")


class LeasedPublisher:
    """Adds its camera's token to each message; frames of a camera that is no longer held are dropped."""

    def __init__(self, publisher: StreamPublisher, held: HeldLeases) -> None:
        self._publisher = publisher
        self._held = held

    def publish(self, message: StreamMessage) -> bool:
        if isinstance(message, Frame):
            token = self._held.tokens.get(message.ref.stream_id)
            if token is None:
                return False
            return self._publisher.publish(replace(message, ref=replace(message.ref, token=token)))
        token = self._held.tokens.get(message.stream_id)
        return token is None or self._publisher.publish(replace(message, token=token))

    def close(self) -> None:
        self._publisher.close()


def release_all_leases(held: HeldLeases) -> None:
    """Give every camera back; while the store is unavailable the leases expire by themselves."""
    try:
        held.release()
    except StoreUnavailable as error:
        _log.warning("leases are not given back and run out by themselves: %s", error)
