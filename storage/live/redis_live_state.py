"""The live state in Redis, shared by processes. A key that expired means unknown.

Writing never fails and hardly waits, because scoring must go on without the live state. After a write that failed,
writes are skipped for a while: a server that swallows packets then costs one time limit in a while and not one per
stream. Reading raises an error while Redis is unavailable.
"""

import json
import logging
import ssl
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import redis
from pydantic import TypeAdapter, ValidationError

from domain.errors import ConfigError, SightlineError, StoreUnavailable
from domain.faults import known_fault
from domain.frames import Frame
from domain.messages import StreamSnapshot
from domain.ports import ANNOUNCED_S, WANTED_S

_log = logging.getLogger(__name__)

_SNAPSHOT: TypeAdapter[StreamSnapshot] = TypeAdapter(StreamSnapshot)
PAUSE_S = 2.0
"""How long writes are skipped after one that failed."""
_SOME_WORKER = "*"
"""Beside the models that workers have: a worker without any is heard too."""


@dataclass(frozen=True, slots=True)
class RedisSecurity:
    """Login and TLS, both off by default; what the address itself says has precedence. Files are PEM."""

    user: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""

    def options(self) -> Mapping[str, str]:
        """Return the client's options. Raises `ConfigError` for a missing file."""
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


class FrameEncoding(Protocol):
    """A frame as bytes, without loss."""

    def encode(self, frame: Frame) -> bytes: ...

    def decode(self, document: bytes) -> Frame:
        """Undo `encode`. Raises `FrameRejected` for bytes that are no frame."""
        ...


class RedisLiveState:
    """`LiveState` on Redis, under keys that start with `prefix`. `seconds` is a clock that never jumps back.

    Pictures are kept only where a codec is given and the server writes nothing to disk; ask `keeps_pictures`.
    """

    def __init__(
        self,
        url: str,
        ttl_s: float = 15.0,
        *,
        security: RedisSecurity | None = None,
        pictures: FrameEncoding | None = None,
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
        self._codec = pictures
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
            batch.execute()

    def get(self, stream_id: str) -> StreamSnapshot | None:
        with self._translate_errors():
            return _parse_snapshot(self._redis.get(self._key("state", stream_id)))

    def all(self) -> Mapping[str, StreamSnapshot]:
        with self._translate_errors():
            names = sorted(_decode_text(name) for name in self._members())
            documents = self._redis.mget([self._key("state", name) for name in names]) if names else []
        snapshots = {name: _parse_snapshot(document) for name, document in zip(names, _as_list(documents), strict=True)}
        return {name: snapshot for name, snapshot in snapshots.items() if snapshot is not None}

    def remove(self, stream_id: str) -> None:
        if self._is_paused():
            return
        with self._tolerate_outage():
            self._redis.srem(self._key("streams"), stream_id)
            self._redis.delete(self._key("state", stream_id), self._key("frame", stream_id))

    def put_picture(self, frame: Frame) -> None:
        if self._is_paused():
            return
        with self._tolerate_outage():
            if self._codec is not None and self.keeps_pictures():
                self._redis.set(self._key("frame", frame.stream_id), self._codec.encode(frame), px=self._ttl_ms)

    def picture(self, stream_id: str) -> Frame | None:
        if self._codec is None:
            return None
        with self._translate_errors():
            document: Any = self._redis.get(self._key("frame", stream_id))
        return None if document is None else self._codec.decode(document)

    def want_picture(self, stream_id: str) -> None:
        self._note("wanted", [stream_id], WANTED_S)

    def wanted_pictures(self) -> frozenset[str]:
        return self._read_notes("wanted", WANTED_S)

    def announce_models(self, names: Collection[str]) -> None:
        self._note("models", [_SOME_WORKER, *names], ANNOUNCED_S)

    def announced_models(self) -> frozenset[str] | None:
        noted = self._read_notes("models", ANNOUNCED_S)
        return noted - {_SOME_WORKER} if _SOME_WORKER in noted else None

    def _note(self, what: str, names: Collection[str], seconds: float) -> None:
        """Keep names for this long under one key; a name that is noted again counts from then."""
        if self._is_paused():
            return
        with self._tolerate_outage():
            key, now = self._key(what), self._server_time_s()
            batch = self._redis.pipeline(transaction=False)
            batch.zadd(key, dict.fromkeys(names, now))
            batch.zremrangebyscore(key, "-inf", now - seconds)
            batch.pexpire(key, round(1000 * seconds))
            batch.execute()

    def _read_notes(self, what: str, seconds: float) -> frozenset[str]:
        with self._translate_errors():
            oldest = self._server_time_s() - seconds
            names = _as_list(self._redis.zrangebyscore(self._key(what), oldest, "+inf"))
        return frozenset(_decode_text(name) for name in names)

    def _server_time_s(self) -> float:
        """Return Redis's own time: those who look and those who read cameras may be on machines of other clocks."""
        seconds, microseconds = _as_list(self._redis.time())
        return float(seconds) + float(microseconds) / 1e6

    def keeps_pictures(self) -> bool:
        """Return whether pictures are wanted and this server writes nothing to disk, as far as it lets us see."""
        if self._codec is None:
            return False
        if self._writes_to_disk is None:
            self._writes_to_disk = self._server_writes_to_disk()
            if self._writes_to_disk:
                _log.warning("live.pictures: off, because Redis may write to disk; set its save '' and appendonly no")
        return not self._writes_to_disk

    def close(self) -> None:
        self._redis.close()

    def _server_writes_to_disk(self) -> bool:
        try:
            settings: Any = self._redis.config_get("save", "appendonly")
        except redis.ResponseError:
            return True
        return bool(settings.get("save", "?")) or settings.get("appendonly") != "no"

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
        """Skip a write while Redis is unavailable; log once when it goes and once when it is back."""
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
    """Return `ConfigError` for what the operator must correct, `StoreUnavailable` for what passes."""
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
    """Return the first error of the chain."""
    while (before := error.__cause__ or error.__context__) is not None:
        error = before
    return error


def _parse_snapshot(document: Any) -> StreamSnapshot | None:
    if document is None:
        return None
    try:
        return _SNAPSHOT.validate_json(document)
    except ValidationError:
        return _SNAPSHOT.validate_python(_without_unknown_faults(json.loads(document)))


def _without_unknown_faults(snapshot: dict[str, Any]) -> dict[str, Any]:
    """Return what a worker wrote without verdicts, alerts and an incident of faults that only a newer version knows."""
    judged = {
        part: [one for one in snapshot.get(part, ()) if known_fault(one["fault"]) is not None]
        for part in ("verdicts", "alerts")
    }
    incident = snapshot.get("incident")
    if incident is not None:
        symptoms = [fault for fault in incident.get("symptoms", ()) if known_fault(fault) is not None]
        unknown = known_fault(incident["headline"]) is None
        incident = None if unknown else {**incident, "symptoms": symptoms}
    return {**snapshot, **judged, "incident": incident}


def _decode_text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)


def _as_list(answer: Any) -> list[Any]:
    return list(answer)
