"""Looks at Kafka and Redis where the settings choose them, and says what to do about what is not well."""

from collections.abc import Iterator

from domain.errors import ConfigError, SightlineError
from sightline.bootstrap import broker_of, redis_of
from sightline.findings import Finding, Health, looked_at
from sightline.settings import Settings


def chosen_services(settings: Settings) -> Iterator[Finding]:
    """Yield a finding for each service of the cluster that is configured."""
    looks = {}
    if settings.queue.kind == "kafka":
        looks["kafka"] = _kafka
    if settings.live.kind == "redis":
        looks["redis"] = _redis
    for subject, look in looks.items():
        yield looked_at(subject, look, settings)


def _kafka(settings: Settings) -> Finding:
    broker = broker_of(settings.queue)
    from transport.kafka_topics import partitions_found  # noqa: PLC0415 - only where it is chosen

    servers = ", ".join(settings.queue.servers)
    found = partitions_found(broker)
    if found is None:
        return Finding("kafka", Health.NOTE, f"{servers}: no topic '{broker.topic}' yet; sightline ingest makes it")
    if found < broker.partitions:
        raise ConfigError(
            f"{servers}: topic '{broker.topic}' has {found} partitions, queue.partitions asks for {broker.partitions}; "
            "ask for fewer, or drain the topic and add partitions"
        )
    return Finding("kafka", Health.OK, f"{servers}, topic '{broker.topic}' with {found} partitions")


def _redis(settings: Settings) -> Finding:
    present = redis_of(settings)
    try:
        known = len(present.all())
        if settings.pictures == "memory" and not present.keeps_pictures():
            text = "answers; no pictures, because it may write to disk: set its save '' and appendonly no"
            return Finding("redis", Health.NOTE, text)
    except SightlineError as error:
        raise ConfigError(f"{error}; start Redis, or correct live.url") from error
    finally:
        present.close()
    return Finding("redis", Health.OK, f"answers; {known} cameras known now")
