"""The cluster's benchmarks run on the real services and report figures that agree with each other."""

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, make_url, text

from lab.bench.speed import kafka_throughput, postgres_throughput
from tests import services

pytestmark = pytest.mark.slow


def test_kafka_is_measured_beside_its_own_tools(kafka_broker: services.Service) -> None:
    found = kafka_throughput.run(
        kafka_broker.address, services.kafka_jars(), rounds=1, messages=10, message_bytes=10_000
    )
    assert found["produce_over_perf_tool"] == pytest.approx(found["produce_mb_per_s"] / found["tool_produce_mb_per_s"])
    assert found["consume_over_perf_tool"] == pytest.approx(found["consume_mb_per_s"] / found["tool_consume_mb_per_s"])
    assert found["message_bytes"] == pytest.approx(10_000, rel=0.1)


@pytest.fixture
def own_postgres() -> Iterator[str]:
    """Give a server whose databases are this test's alone."""
    try:
        with services.postgres() as server:
            yield server.address
    except services.ServiceMissing as error:
        services.absent(error)


def test_postgres_is_measured_beside_copy_and_leaves_no_database_behind(own_postgres: str) -> None:
    found = postgres_throughput.run(own_postgres, rounds=4, frames=8, metrics=3, streams=2)
    assert found["postgres_values_per_s"] == pytest.approx(8 * 3 / (found["postgres_unit_ms_median"] / 1e3))
    assert found["postgres_over_copy"] == pytest.approx(
        found["postgres_values_per_s"] / found["postgres_copy_values_per_s"]
    )
    server = create_engine(make_url(own_postgres).set(drivername="postgresql+psycopg2"))
    with server.connect() as connection:
        left = connection.execute(text("SELECT datname FROM pg_database WHERE datname LIKE 'sightline_bench%'"))
        assert left.scalars().all() == []
    server.dispose()
