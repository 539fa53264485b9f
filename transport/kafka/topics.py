"""The connection to a broker, and its two topics: messages, kept for minutes, and dead letters, kept for days."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import kafka
from kafka import errors
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.record import util as checksums

from domain.backoff import backoff_s
from domain.errors import ConfigError, StoreUnavailable
from domain.ports import Clock
from transport.codec import MAX_MESSAGE_BYTES
from transport.kafka.connection_errors import ConnectionFailures, KafkaLogCapture

_log = logging.getLogger(__name__)

RECORD_OVERHEAD_BYTES = 64 << 10
"""What Kafka's record adds to a message at most: key, headers, batch."""
_SEGMENT_BYTES = 256 << 20
_LONGEST_WAIT_S = 30.0
_READABLE = {"compression.type": "uncompressed"}
"""The broker decompresses every batch: one in a codec that a worker lacks would stop its partition."""


@dataclass(frozen=True, slots=True)
class KafkaSecurity:
    """TLS and SASL, both off by default. Files are PEM."""

    tls: bool = False
    ca_file: str = ""
    """Authorities that sign the broker's certificate; "" for those of the system."""
    certificate_file: str = ""
    """Of this client; `key_file` is its key."""
    key_file: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    mechanism: str = "SCRAM-SHA-512"
    """Of SASL."""

    def options(self) -> Mapping[str, Any]:
        """Return the client's words for it."""
        found: dict[str, Any] = {
            "security_protocol": ("SASL_" if self.user else "") + ("SSL" if self.tls else "PLAINTEXT")
        }
        if self.user:
            found |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.user,
                "sasl_plain_password": self.password,
            }
        files = {"ssl_cafile": self.ca_file, "ssl_certfile": self.certificate_file, "ssl_keyfile": self.key_file}
        return found | {name: path for name, path in files.items() if path}

    def require_files(self) -> None:
        """Raise `ConfigError` for a file that is not there: the client would wait for the broker without end."""
        named = {"ca_file": self.ca_file, "certificate_file": self.certificate_file, "key_file": self.key_file}
        for name, path in named.items():
            if path and not Path(path).is_file():
                raise ConfigError(f"queue.{name}: no such file: {path}")


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """Where the broker is and how much it keeps."""

    servers: tuple[str, ...]
    """`host:port` of some brokers."""
    topic: str = "sightline.messages"
    """Of frames and statuses."""
    group: str = "sightline.workers"
    """The consumer group; all workers share one."""
    partitions: int = 12
    """Cameras are spread over them; so many workers can share the work."""
    replication_factor: int = 1
    retention_minutes: int = 15
    """How long messages, pictures among them, stay on the broker's disk."""
    dead_letter_days: int = 7
    """How long the topic of dead letters keeps them."""
    max_message_bytes: int = MAX_MESSAGE_BYTES
    """A larger message is refused."""
    max_unacknowledged_frames: int = 64
    """Frames sent and not yet confirmed; one more is refused."""
    session_timeout_s: float = 10.0
    """A worker silent for this long loses its partitions."""
    answer_within_s: float = 10.0
    """How long one request waits for the broker."""
    security: KafkaSecurity = KafkaSecurity()

    @property
    def dead_letter_topic(self) -> str:
        return f"{self.topic}.dead-letters"

    @property
    def max_record_bytes(self) -> int:
        return self.max_message_bytes + RECORD_OVERHEAD_BYTES

    def connection(self) -> dict[str, Any]:
        """Return what producer, consumer and administration have in common."""
        return {
            "bootstrap_servers": list(self.servers),
            "bootstrap_timeout_ms": round(self.answer_within_s * 1e3),
            "reconnect_backoff_max_ms": 2000,  # by default a broker that is back waits half a minute for us
            **self.security.options(),
        }


def require_fast_checksums() -> None:
    """Raise `ConfigError` without the C checksum: in Python it takes 27 ms for a message of 327 KiB."""
    if checksums.crc32c_c is None:
        raise ConfigError("queue.kind: kafka needs more: the package crc32c is missing; install the extra 'cluster'")


def prepare_topics(settings: KafkaSettings, clock: Clock, *, give_up: Callable[[], bool] = lambda: False) -> None:
    """Create the missing topics. Waits for an absent broker with growing pauses and logs each attempt.

    Raises `ConfigError` where waiting cannot help: refused credentials, too few partitions, too small a message cap.
    """
    require_fast_checksums()
    settings.security.require_files()
    attempts = 0
    while not give_up():
        with KafkaLogCapture() as failures:
            try:
                _create_missing(settings)
                return
            except errors.KafkaError as error:
                refused = _find_wrong_setting(settings, failures, error)
                if refused:
                    raise ConfigError(refused) from error
                problem = type(error).__name__ + failures.hint(tls=settings.security.tls)
        attempts += 1
        wait_s = backoff_s(attempts, first_s=1.0, longest_s=_LONGEST_WAIT_S)
        _log.warning(
            "Kafka at %s does not answer (%s); next try in %.0f s", ", ".join(settings.servers), problem, wait_s
        )
        clock.sleep(wait_s)


def count_partitions(settings: KafkaSettings) -> int | None:
    """Return how many partitions the topic has, None where it is not there; nothing is made and nothing waited for.

    Raises `ConfigError` for refused credentials, `StoreUnavailable` where no broker answers.
    """
    settings.security.require_files()
    with KafkaLogCapture() as failures:
        try:
            administration = kafka.KafkaAdminClient(**settings.connection())
            try:
                if settings.topic not in set(administration.list_topics()):
                    return None
                (described,) = administration.describe_topics([settings.topic])
                return len(described["partitions"])
            finally:
                administration.close()
        except errors.KafkaError as error:
            refused = _find_wrong_setting(settings, failures, error)
            if refused:
                raise ConfigError(refused) from error
            servers = ", ".join(settings.servers)
            hint = failures.hint(tls=settings.security.tls)
            raise StoreUnavailable(
                f"Kafka at {servers} does not answer; start it, or correct queue.servers{hint}"
            ) from error


def _find_wrong_setting(settings: KafkaSettings, failures: ConnectionFailures, error: errors.KafkaError) -> str:
    """Return which setting keeps us out, "" where waiting may help."""
    if isinstance(error, errors.AuthorizationError):
        return f"queue.user: the broker does not let this user do that ({type(error).__name__})"
    return failures.refusal(with_login=bool(settings.security.user))


def _create_missing(settings: KafkaSettings) -> None:
    administration = kafka.KafkaAdminClient(**settings.connection())
    try:
        existing = set(administration.list_topics())
        wanted = _configure_topics(settings)
        missing = {name: topic for name, topic in wanted.items() if name not in existing}
        if missing:
            _create_topics(administration, missing)
        if settings.topic in existing:
            _check_partitions(administration, settings)
            _make_readable(administration, settings)
    finally:
        administration.close()


def _make_readable(administration: Any, settings: KafkaSettings) -> None:
    """Set on a topic that is there already what keeps it readable; without the right to do so it is left out."""
    topic = ConfigResource(ConfigResourceType.TOPIC, settings.topic, configs=dict(_READABLE))
    try:
        administration.alter_configs([topic], incremental=True)
    except errors.KafkaError as error:
        _log.warning(
            "topic '%s' keeps its compression.type (%s): set it to uncompressed, or a message compressed in a codec "
            "that the workers have not can stop its partition",
            settings.topic,
            type(error).__name__,
        )


def _create_topics(administration: Any, topics: Mapping[str, Mapping[str, Any]]) -> None:
    try:
        administration.create_topics(topics, wait_for_metadata=True)
    except errors.TopicAlreadyExistsError:
        _log.debug("another process made the topics meanwhile")


def _configure_topics(settings: KafkaSettings) -> Mapping[str, Mapping[str, Any]]:
    retention_ms = settings.retention_minutes * 60_000
    messages: dict[str, int | str] = {
        "max.message.bytes": settings.max_record_bytes,
        "retention.ms": retention_ms,
        # Only closed segments are deleted: pictures would stay for a week in the one still open.
        "segment.ms": max(60_000, retention_ms // 3),
        "segment.bytes": _SEGMENT_BYTES,
        **_READABLE,
    }
    letters: dict[str, int | str] = {"retention.ms": settings.dead_letter_days * 86_400_000, **_READABLE}
    return {
        settings.topic: _topic_options(settings.partitions, settings.replication_factor, messages),
        settings.dead_letter_topic: _topic_options(1, settings.replication_factor, letters),
    }


def _topic_options(partitions: int, replicas: int, configs: Mapping[str, int | str]) -> Mapping[str, Any]:
    words = {name: str(value) for name, value in configs.items()}
    return {"num_partitions": partitions, "replication_factor": replicas, "configs": words}


def _check_partitions(administration: Any, settings: KafkaSettings) -> None:
    (described,) = administration.describe_topics([settings.topic])
    found = len(described["partitions"])
    if found < settings.partitions:
        raise ConfigError(
            f"queue.partitions: topic '{settings.topic}' has {found} partitions, {settings.partitions} are asked for; "
            "stop ingest, let the workers drain it and add partitions, or ask for fewer"
        )
