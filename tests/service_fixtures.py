"""Real services, started once for all tests that ask; absent ones skip on a laptop and fail in CI."""

from collections.abc import Iterator

import pytest

from tests import services
from tests.canary import canary


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    try:
        with services.postgres() as server:
            yield server.address
            canary.look_into_postgres(server.address)
    except services.ServiceMissing as error:
        services.absent(error)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[services.Service]:
    try:
        with services.redis() as server:
            yield server
    except services.ServiceMissing as error:
        services.absent(error)


@pytest.fixture(scope="session")
def kafka_broker() -> Iterator[services.Service]:
    try:
        with services.kafka() as broker:
            yield broker
    except services.ServiceMissing as error:
        services.absent(error)
