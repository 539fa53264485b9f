"""How Kafka and Redis are reached, by the settings; their packages are imported only where they are chosen."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from domain.errors import ConfigError
from sightline.config.sections import QueueSettings
from sightline.config.settings import Settings
from sightline.runtime.extras import describe_missing_package
from transport.codec import PictureCodec

if TYPE_CHECKING:
    from storage.live.redis_live_state import RedisLiveState
    from transport.kafka.topics import KafkaSettings


def make_kafka_settings(settings: QueueSettings) -> "KafkaSettings":
    """Return where the broker of these settings is. Raises `ConfigError` without the extra 'cluster'."""
    with _require_cluster_extra("queue.kind: kafka"):
        from transport.kafka.topics import (  # noqa: PLC0415 - only where it is chosen
            KafkaSecurity,
            KafkaSettings,
            require_fast_checksums,
        )
    require_fast_checksums()
    names = ("tls", "ca_file", "certificate_file", "key_file", "user", "password", "mechanism")
    return KafkaSettings(
        servers=settings.servers,
        topic=settings.topic,
        group=settings.group,
        partitions=settings.partitions,
        replication_factor=settings.replication_factor,
        retention_minutes=settings.retention_minutes,
        max_unacknowledged_frames=settings.max_frames,
        security=KafkaSecurity(**{name: getattr(settings, name) for name in names}),
    )


def make_redis_live_state(settings: Settings) -> "RedisLiveState":
    """Return the live state on Redis, not yet connected. Raises `ConfigError` without the extra 'cluster'."""
    with _require_cluster_extra("live.kind: redis"):
        from storage.live.redis_live_state import RedisLiveState, RedisSecurity  # noqa: PLC0415 - only where it is chosen
    security = RedisSecurity(**settings.live.model_dump(exclude={"kind", "url"}))
    pictures = PictureCodec() if settings.pictures == "memory" else None
    return RedisLiveState(settings.live.url, security=security, pictures=pictures)


@contextmanager
def _require_cluster_extra(wanted: str) -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise ConfigError(describe_missing_package(error, wanted=wanted)) from error
