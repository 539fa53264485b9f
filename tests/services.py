"""The real services of `lab.services`, or what the environment names instead; an absent one skips, in CI it fails."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import pytest

from lab import services
from lab.services import Service, ServiceMissing, free_port, kafka_jars, mosquitto
from lab.services.certificates import Certificate

__all__ = ["Service", "ServiceMissing", "absent", "free_port", "kafka", "kafka_jars", "mosquitto", "postgres", "redis"]

POSTGRES_URL = "SIGHTLINE_TEST_POSTGRES"
REDIS_URL = "SIGHTLINE_TEST_REDIS"
KAFKA_SERVERS = "SIGHTLINE_TEST_KAFKA"


def absent(error: ServiceMissing) -> NoReturn:
    """Fail where services are promised, skip on a laptop."""
    if os.environ.get("CI"):
        pytest.fail(str(error))
    pytest.skip(str(error))


@contextmanager
def postgres(certificate: Certificate | None = None) -> Iterator[Service]:
    """Give a Postgres server whose user may create databases; its address is a URL. With a certificate, ours."""
    given = os.environ.get(POSTGRES_URL)
    if given and certificate is None:
        yield Service(given)
        return
    with _name_variable(POSTGRES_URL), services.postgres(certificate=certificate) as server:
        yield server


@contextmanager
def redis(certificate: Certificate | None = None) -> Iterator[Service]:
    """Give a Redis server that writes nothing to disk; its address is a URL. With a certificate, ours."""
    given = os.environ.get(REDIS_URL)
    if given and certificate is None:
        yield Service(given)
        return
    with _name_variable(REDIS_URL), services.redis(certificate) as server:
        yield server


@contextmanager
def kafka(certificate: Certificate | None = None) -> Iterator[Service]:
    """Give a Kafka broker. With a certificate, ours."""
    given = os.environ.get(KAFKA_SERVERS)
    if given and certificate is None:
        yield Service(given)
        return
    with _name_variable(KAFKA_SERVERS), services.kafka(certificate) as broker:
        yield broker


@contextmanager
def _name_variable(variable: str) -> Iterator[None]:
    """Say in which variable a service that is absent may be named."""
    try:
        yield
    except ServiceMissing as error:
        raise ServiceMissing(f"{error} in {variable}") from error
