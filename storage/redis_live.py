"""What is true now, shared by processes through Redis. A key that expired means unknown; what is published may be lost.

Writing never fails: the live state is a convenience, and a worker must not wait for it. Reading says when Redis is
away.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Event
from typing import Any

import redis
from pydantic import TypeAdapter

from domain.errors import ConfigError, StoreUnavailable
from domain.frames import Frame
from domain.units import StreamSnapshot
from storage.pictures import packed_picture, unpacked_picture

_log = logging.getLogger(__name__)

_SNAPSHOT: TypeAdapter[StreamSnapshot] = TypeAdapter(StreamSnapshot)
_AWAY = (redis.ConnectionError, redis.TimeoutError)


class RedisLiveState:
    """`LiveState` on Redis, under keys that start with `prefix`.

    Pictures are kept only on a server that writes nothing to disk; ask `keeps_pictures`.
    """

    def __init__(
        self, url: str, ttl_s: float = 15.0, *, pictures: bool = True, prefix: str = "sightline", timeout_s: float = 2.0
    ) -> None:
        try:
            self._redis = redis.Redis.from_url(
                url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s, health_check_interval=10
            )
        except ValueError as error:
            raise ConfigError("live.url: not an address of Redis; use redis://HOST:PORT/0") from error
        self._ttl_ms = max(1, round(ttl_s * 1000))
        self._prefix = prefix
        self._wants_pictures = pictures
        self._writes_to_disk: bool | None = None
        self._away = False

    def put(self, snapshot: StreamSnapshot) -> None:
        document = _SNAPSHOT.dump_json(snapshot)
        with self._forgiving():
            batch = self._redis.pipeline(transaction=False)
            batch.set(self._key("state", snapshot.stream_id), document, px=self._ttl_ms)
            batch.sadd(self._key("streams"), snapshot.stream_id)
            batch.publish(self._key("changes"), document)
            batch.execute()

    def get(self, stream_id: str) -> StreamSnapshot | None:
        with self._translated():
            return _snapshot(self._redis.get(self._key("state", stream_id)))

    def all(self) -> Mapping[str, StreamSnapshot]:
        with self._translated():
            names = sorted(_text(name) for name in self._members())
            documents = self._redis.mget([self._key("state", name) for name in names]) if names else []
        found = {name: _snapshot(document) for name, document in zip(names, _list(documents), strict=True)}
        return {name: snapshot for name, snapshot in found.items() if snapshot is not None}

    def remove(self, stream_id: str) -> None:
        with self._forgiving():
            self._redis.srem(self._key("streams"), stream_id)
            self._redis.delete(self._key("state", stream_id), self._key("picture", stream_id))

    @contextmanager
    def subscribe(self) -> Iterator[Iterator[StreamSnapshot | None]]:
        """Give the snapshots put from now on. While Redis is away nothing comes, and it is tried again."""
        channel: Any = redis.client.PubSub(self._redis.connection_pool, ignore_subscribe_messages=True)
        try:
            with self._translated():
                channel.subscribe(self._key("changes"))
                # The confirmation; what is published before it would be missed.
                channel.get_message(timeout=1.0)
            yield self._heard(channel)
        finally:
            channel.close()

    def put_picture(self, frame: Frame) -> None:
        with self._forgiving():
            if not self.keeps_pictures():
                return
            description, samples = packed_picture(frame)
            key = self._key("picture", frame.ref.stream_id)
            batch = self._redis.pipeline(transaction=True)
            batch.hset(key, mapping={"description": description, "samples": samples})
            batch.pexpire(key, self._ttl_ms)
            batch.execute()

    def picture(self, stream_id: str) -> Frame | None:
        with self._translated():
            description, samples = _list(self._redis.hmget(self._key("picture", stream_id), ["description", "samples"]))
        return None if description is None or samples is None else unpacked_picture(description, samples)

    def keeps_pictures(self) -> bool:
        """Tell whether pictures are wanted and this server writes nothing to disk, as far as it lets us see."""
        if self._writes_to_disk is None:
            self._writes_to_disk = self._wants_pictures and self._server_writes_to_disk()
            if self._writes_to_disk:
                _log.warning("live.pictures: off, because Redis may write to disk; set its save '' and appendonly no")
        return self._wants_pictures and not self._writes_to_disk

    def close(self) -> None:
        self._redis.close()

    def _server_writes_to_disk(self) -> bool:
        try:
            settings: Any = self._redis.config_get("save", "appendonly")
        except redis.ResponseError:
            return True
        return bool(settings.get("save", "?")) or settings.get("appendonly") != "no"

    def _heard(self, channel: Any) -> Iterator[StreamSnapshot | None]:
        pause = Event()
        while True:
            try:
                message = channel.get_message(timeout=1.0)
            except _AWAY:
                pause.wait(1.0)
                message = None
            yield None if message is None else _snapshot(message["data"])

    def _members(self) -> Any:
        return self._redis.smembers(self._key("streams"))

    def _key(self, *words: str) -> str:
        return ":".join((self._prefix, *words))

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except redis.AuthenticationError as error:
            raise ConfigError("live.url: Redis refused the user or password") from error
        except _AWAY as error:
            raise StoreUnavailable("Redis cannot be reached; what is true now is unknown") from error

    @contextmanager
    def _forgiving(self) -> Iterator[None]:
        """Leave out a write while Redis is away; said once when it goes and once when it is back."""
        try:
            yield
        except redis.RedisError as error:
            if not self._away:
                _log.warning("Redis does not take the live state (%s); going on without", type(error).__name__)
            self._away = True
        else:
            if self._away:
                _log.info("Redis takes the live state again")
            self._away = False


def _snapshot(document: Any) -> StreamSnapshot | None:
    return None if document is None else _SNAPSHOT.validate_json(document)


def _text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)


def _list(answer: Any) -> list[Any]:
    return list(answer)
