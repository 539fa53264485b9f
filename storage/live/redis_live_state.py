"""What is true now, shared by processes through Redis. A key that expired means unknown; what is published may be lost.

Writing never fails and hardly waits: the live state is a convenience, and scoring must go on without it. After a write
that failed, writes are left out for a while, so that a server that swallows packets costs one time limit now and then
and not one a stream. Reading says when Redis is away.
"""

import logging
import math
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any, Literal

import numpy as np
import redis
from pydantic import TypeAdapter

from domain.errors import ConfigError, SightlineError, StoreUnavailable
from domain.frames import Frame, FrameFormat, FrameRef, Plane
from domain.messages import StreamSnapshot

_log = logging.getLogger(__name__)

_SNAPSHOT: TypeAdapter[StreamSnapshot] = TypeAdapter(StreamSnapshot)
PAUSE_S = 2.0
"""How long writes are left out after one that failed."""


@dataclass(frozen=True, slots=True)
class RedisSecurity:
    """Login and TLS, both off by default; what the address says itself counts first. Files are PEM."""

    user: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""

    def options(self) -> Mapping[str, str]:
        """Return the client's words for it. Raises `ConfigError` for a file that is not there."""
        for name in ("ca_file", "certificate_file", "key_file"):
            path = str(getattr(self, name))
            if path and not Path(path).is_file():
                raise ConfigError(f"live.{name}: no such file: {path}")
        words = {
            "username": self.user,
            "password": self.password,
            "ssl_ca_certs": self.ca_file,
            "ssl_certfile": self.certificate_file,
            "ssl_keyfile": self.key_file,
        }
        return {name: word for name, word in words.items() if word and (self.tls or not name.startswith("ssl_"))}


class RedisLiveState:
    """`LiveState` on Redis, under keys that start with `prefix`. `seconds` is a clock that never jumps back.

    Pictures are kept only on a server that writes nothing to disk; ask `keeps_pictures`.
    """

    def __init__(
        self,
        url: str,
        ttl_s: float = 15.0,
        *,
        security: RedisSecurity | None = None,
        pictures: bool = True,
        prefix: str = "sightline",
        timeout_s: float = 2.0,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        security = security or RedisSecurity()
        if security.tls and url.startswith("redis://"):
            url = f"rediss://{url.removeprefix('redis://')}"
        limits = {"socket_timeout": timeout_s, "socket_connect_timeout": timeout_s, "health_check_interval": 10}
        try:
            self._redis = redis.Redis.from_url(url, **{**security.options(), **limits})
        except ValueError as error:
            raise ConfigError("live.url: not an address of Redis; use redis://HOST:PORT/0") from error
        self._seconds = seconds
        self._paused_until_s = float("-inf")
        self._ttl_ms = max(1, round(ttl_s * 1000))
        self.prefix = prefix
        self._wants_pictures = pictures
        self._writes_to_disk: bool | None = None
        self._away = False

    def put(self, snapshot: StreamSnapshot) -> None:
        if self._is_paused():
            return
        document = _SNAPSHOT.dump_json(snapshot)
        with self._tolerate_outage():
            batch = self._redis.pipeline(transaction=False)
            batch.set(self._key("state", snapshot.stream_id), document, px=self._ttl_ms)
            batch.sadd(self._key("streams"), snapshot.stream_id)
            batch.publish(self._key("changes"), document)
            batch.execute()

    def get(self, stream_id: str) -> StreamSnapshot | None:
        with self._translate_errors():
            return _parse_snapshot(self._redis.get(self._key("state", stream_id)))

    def all(self) -> Mapping[str, StreamSnapshot]:
        with self._translate_errors():
            names = sorted(_decode_text(name) for name in self._members())
            documents = self._redis.mget([self._key("state", name) for name in names]) if names else []
        found = {name: _parse_snapshot(document) for name, document in zip(names, _as_list(documents), strict=True)}
        return {name: snapshot for name, snapshot in found.items() if snapshot is not None}

    def remove(self, stream_id: str) -> None:
        if self._is_paused():
            return
        with self._tolerate_outage():
            self._redis.srem(self._key("streams"), stream_id)
            self._redis.delete(self._key("state", stream_id), self._key("picture", stream_id))

    @contextmanager
    def subscribe(self) -> Iterator[Iterator[StreamSnapshot | None]]:
        """Give the snapshots put from now on. While Redis is away nothing comes, and it is tried again.

        Once it is back all snapshots it holds come first: what was put before the subscription was renewed is in them.
        """
        channel: Any = redis.client.PubSub(self._redis.connection_pool, ignore_subscribe_messages=True)
        try:
            with self._translate_errors():
                channel.subscribe(self._key("changes"))
                # The confirmation; what is published before it would be missed.
                channel.get_message(timeout=1.0)
            yield self._heard(channel)
        finally:
            channel.close()

    def put_picture(self, frame: Frame) -> None:
        if self._is_paused():
            return
        with self._tolerate_outage():
            if not self.keeps_pictures():
                return
            description, samples = pack_picture(frame)
            key = self._key("picture", frame.ref.stream_id)
            batch = self._redis.pipeline(transaction=True)
            batch.hset(key, mapping={"description": description, "samples": samples})
            batch.pexpire(key, self._ttl_ms)
            batch.execute()

    def picture(self, stream_id: str) -> Frame | None:
        with self._translate_errors():
            description, samples = _as_list(
                self._redis.hmget(self._key("picture", stream_id), ["description", "samples"])
            )
        return None if description is None or samples is None else unpack_picture(description, samples)

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
        pause, lost = Event(), False
        while True:
            try:
                message = channel.get_message(timeout=1.0)
                missed = self.all() if lost else {}
            except (redis.RedisError, SightlineError):
                lost = True
                pause.wait(1.0)
                yield None
                continue
            lost = False
            yield from missed.values()
            yield None if message is None else _parse_snapshot(message["data"])

    def _members(self) -> Any:
        return self._redis.smembers(self._key("streams"))

    def _key(self, *words: str) -> str:
        return ":".join((self.prefix, *words))

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except redis.RedisError as error:
            raise _translate_redis_error(error) from error

    @contextmanager
    def _tolerate_outage(self) -> Iterator[None]:
        """Leave out a write while Redis is away; said once when it goes and once when it is back."""
        try:
            yield
        except redis.RedisError as error:
            self._paused_until_s = self._seconds() + PAUSE_S
            if not self._away:
                _log.warning(
                    "the live state is not written, everything else goes on: %s", _translate_redis_error(error)
                )
            self._away = True
        else:
            if self._away:
                _log.info("Redis takes the live state again")
            self._away = False

    def _is_paused(self) -> bool:
        return self._seconds() < self._paused_until_s


def _translate_redis_error(error: redis.RedisError) -> SightlineError:
    """Return what this means for us: for the operator to correct, or to be waited for."""
    if isinstance(error, redis.AuthenticationError):
        return ConfigError("live.user, live.password: Redis refused the user or password")
    if isinstance(error, redis.exceptions.NoPermissionError):
        return ConfigError("live.user: Redis does not let this user read and write the live state (ACL)")
    if isinstance(_root_cause(error), ssl.SSLError):
        return ConfigError(
            "live.tls, live.ca_file: no TLS with Redis; the server has none, or its certificate is not trusted"
        )
    if isinstance(error, (redis.ConnectionError, redis.TimeoutError)):
        return StoreUnavailable("Redis cannot be reached")
    return StoreUnavailable(f"Redis refuses for now ({type(error).__name__})")


def _root_cause(error: BaseException) -> BaseException:
    """Return what an error began with."""
    while (before := error.__cause__ or error.__context__) is not None:
        error = before
    return error


def _parse_snapshot(document: Any) -> StreamSnapshot | None:
    return None if document is None else _SNAPSHOT.validate_json(document)


def _decode_text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)


def _as_list(answer: Any) -> list[Any]:
    return list(answer)


@dataclass(frozen=True, slots=True)
class _PictureHeader:
    ref: FrameRef
    format: FrameFormat
    planes: tuple[tuple[Literal["|u1", "<u2"], tuple[int, ...]], ...]
    key_frame: bool
    corrupt: bool
    qp: float | None


_PICTURE_HEADER: TypeAdapter[_PictureHeader] = TypeAdapter(_PictureHeader)


def pack_picture(frame: Frame) -> tuple[bytes, bytes]:
    """Return the frame's description as JSON and its planes one after another."""
    shapes = tuple((plane.dtype.str, plane.shape) for plane in frame.planes)
    header = _PictureHeader(frame.ref, frame.format, shapes, frame.key_frame, frame.corrupt, frame.qp)  # type: ignore[arg-type]
    return _PICTURE_HEADER.dump_json(header), b"".join(plane.tobytes() for plane in frame.planes)


def unpack_picture(description: bytes, samples: bytes) -> Frame:
    """Undo `pack_picture`, sample for sample."""
    header = _PICTURE_HEADER.validate_json(description)
    planes: list[Plane] = []
    start = 0
    for dtype, shape in header.planes:
        plane = np.frombuffer(samples, dtype, math.prod(shape), start).reshape(shape)
        planes.append(plane)
        start += plane.nbytes
    return Frame(header.ref, header.format, tuple(planes), header.key_frame, header.corrupt, header.qp)
