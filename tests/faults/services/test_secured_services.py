"""Kafka, Postgres and Redis behind TLS and logins, through the settings; what keeps us out names its setting."""

import gc
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import make_url, text

from domain.errors import ConfigError, SightlineError, StoreUnavailable
from domain.messages import StreamSnapshot
from lab.services.certificates import Certificate, make_certificate
from sightline.config.settings_loading import parse_settings
from sightline.runtime.stores import open_stores
from sightline.services.cluster_connections import make_kafka_settings, make_redis_live_state
from storage.sql.database.engine import read_transaction
from tests import services
from tests.contract.records import frame
from tests.fakes.ports import START, FakeClock
from transport.kafka.clients import KafkaConsumer, KafkaPublisher
from transport.kafka.topics import KafkaSettings, count_partitions, prepare_topics

# Kafka's client forgets the sockets of connections that were refused; each test collects its own.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <s:ResourceWarning")

WRONG = "s3cret"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    try:
        return make_certificate(tmp_path_factory.mktemp("certificate"))
    except services.ServiceMissing as error:
        services.absent(error)


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Another authority, which signed nothing of the servers."""
    return make_certificate(tmp_path_factory.mktemp("strange"))


@pytest.fixture(scope="module")
def broker(certificate: Certificate) -> Iterator[services.Service]:
    try:
        with services.kafka(certificate) as broker:
            yield broker
    except services.ServiceMissing as error:
        services.absent(error)


@pytest.fixture(scope="module")
def database(certificate: Certificate) -> Iterator[services.Service]:
    try:
        with services.postgres(certificate) as server:
            yield server
    except services.ServiceMissing as error:
        services.absent(error)


@pytest.fixture(scope="module")
def redis(certificate: Certificate) -> Iterator[services.Service]:
    try:
        with services.redis(certificate) as server:
            yield server
    except services.ServiceMissing as error:
        services.absent(error)


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    yield
    gc.collect()


def queue(address: str, **options: Any) -> KafkaSettings:
    settings = parse_settings({"queue": {"kind": "kafka", "servers": [address], "partitions": 1, **options}}).queue
    return make_kafka_settings(settings.model_copy(update={"topic": f"test.{secrets.token_hex(4)}"}))


def explain_broker(address: str, **options: Any) -> str:
    """Return what is said of a broker that does not let us in."""
    settings = queue(address, **options)
    with pytest.raises(SightlineError) as caught:
        count_partitions(KafkaSettings(settings.servers, security=settings.security, answer_within_s=4))
    said = str(caught.value)
    assert WRONG not in said + repr(settings) + str(caught.value.__cause__)
    return said


def carries_a_frame(settings: KafkaSettings) -> bool:
    prepare_topics(settings, FakeClock())
    publisher, consumer = KafkaPublisher(settings), KafkaConsumer(settings)
    assert publisher.publish(frame())
    publisher.close()
    found = any(consumer.poll(1, 0.5).deliveries for _ in range(40))
    consumer.close()
    return found


def test_kafka_over_tls_with_scram_carries_frames(broker: services.Service, certificate: Certificate) -> None:
    options = {"tls": True, "ca_file": str(certificate.authority), "user": "sightline", "password": broker.password}
    assert carries_a_frame(queue(broker.secured_over_tls, **options))


def test_kafka_over_tls_with_our_own_certificate_carries_frames(
    broker: services.Service, certificate: Certificate
) -> None:
    files = {"ca_file": certificate.authority, "certificate_file": certificate.chain, "key_file": certificate.key}
    assert carries_a_frame(queue(broker.over_tls, tls=True, **{name: str(path) for name, path in files.items()}))


def test_kafka_with_a_plain_login_carries_frames(broker: services.Service) -> None:
    options = {"user": "sightline", "password": broker.password, "mechanism": "PLAIN"}
    assert carries_a_frame(queue(broker.secured, **options))


def test_what_keeps_us_out_of_kafka_names_its_setting(
    broker: services.Service, certificate: Certificate, strange: Certificate
) -> None:
    login = {"user": "sightline", "password": broker.password}
    trusted = {"tls": True, "ca_file": str(certificate.authority)}
    wrong = {"user": "sightline", "password": WRONG}
    said = explain_broker(broker.secured_over_tls, **trusted, **wrong)
    assert said.startswith("queue.user, queue.password, queue.mechanism: the broker refused")
    assert explain_broker(broker.secured, **wrong, mechanism="PLAIN").startswith(
        "queue.user, queue.password, queue.mechanism:"
    )
    assert explain_broker(broker.secured_over_tls, **trusted).startswith("queue.user: the broker asks for a user")
    assert explain_broker(broker.secured_over_tls, tls=True, ca_file=str(strange.authority), **login).startswith(
        "queue.ca_file:"
    )
    assert explain_broker(broker.over_tls, **trusted).startswith(
        "queue.certificate_file, queue.key_file: the broker asks"
    )
    assert explain_broker(broker.address, **trusted).endswith("if it speaks no TLS, correct queue.tls")
    assert explain_broker(broker.over_tls).endswith("if it speaks TLS alone, set queue.tls")
    assert (
        explain_broker(broker.over_tls, tls=True, ca_file="/nowhere.pem") == "queue.ca_file: no such file: /nowhere.pem"
    )


def open_and_describe(address: str, **options: Any) -> str:
    """Open the stores of these settings and return how the connection is encrypted."""
    stores = open_stores(parse_settings({"database": address, "postgres": options}), FakeClock())
    with read_transaction(stores.engine) as connection:
        found = connection.execute(text("SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")).scalar_one()
    stores.engine.dispose()
    return str(found)


def explain_store(address: str, **options: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        open_and_describe(address, **options)
    said = str(caught.value)
    assert WRONG not in said + str(caught.value.__cause__)
    return said


def test_postgres_over_tls_is_opened_and_its_certificate_checked(
    database: services.Service, certificate: Certificate
) -> None:
    assert open_and_describe(database.address, tls=True, ca_file=str(certificate.authority)).startswith("TLS")
    assert open_and_describe(database.address, tls=True).startswith("TLS")


def test_what_keeps_us_out_of_postgres_names_its_setting(
    database: services.Service, certificate: Certificate, strange: Certificate, postgres_url: str
) -> None:
    trusted = {"tls": True, "ca_file": str(certificate.authority)}
    wrong = make_url(database.address).set(password=WRONG).render_as_string(hide_password=False)
    assert "database: postgres: the database refused the user or password" in explain_store(wrong, **trusted)
    assert "postgres.ca_file" in explain_store(database.address, tls=True, ca_file=str(strange.authority))
    assert "set postgres.tls" in explain_store(f"{database.address}?sslmode=disable")
    assert "correct postgres.tls" in explain_store(postgres_url, tls=True)
    assert (
        explain_store(database.address, tls=True, ca_file="/nowhere.pem")
        == "postgres.ca_file: no such file: /nowhere.pem"
    )
    elsewhere = make_url(database.address).set(host="localhost").render_as_string(hide_password=False)
    assert "another host name" in explain_store(elsewhere, **trusted)


def write_and_read(address: str, **options: Any) -> None:
    """Put a snapshot into the Redis of these settings and read it back."""
    live = make_redis_live_state(parse_settings({"live": {"kind": "redis", "url": address, **options}}))
    snapshot = StreamSnapshot("gate", START)
    try:
        live.put(snapshot)
        assert live.get("gate") == snapshot
    finally:
        live.close()


def explain_redis(address: str, **options: Any) -> str:
    with pytest.raises(SightlineError) as caught:
        write_and_read(address, **options)
    said = str(caught.value)
    assert WRONG not in said + str(caught.value.__cause__)
    return said


def test_redis_over_tls_with_a_password_is_written_and_read(redis: services.Service, certificate: Certificate) -> None:
    write_and_read(redis.address, tls=True, ca_file=str(certificate.authority), password=redis.password)


def test_what_keeps_us_out_of_redis_names_its_setting(
    redis: services.Service, certificate: Certificate, strange: Certificate
) -> None:
    trusted = {"tls": True, "ca_file": str(certificate.authority)}
    assert explain_redis(redis.address, **trusted, password=WRONG).startswith("live.user, live.password: Redis refused")
    assert explain_redis(redis.address, **trusted).startswith("live.user, live.password: Redis refused")
    strangely = {"tls": True, "ca_file": str(strange.authority), "password": redis.password}
    assert explain_redis(redis.address, **strangely).startswith("live.tls, live.ca_file:")
    assert explain_redis(redis.address, tls=True, ca_file="/nowhere.pem") == "live.ca_file: no such file: /nowhere.pem"
    with pytest.raises(StoreUnavailable, match="Redis cannot be reached"):
        write_and_read(redis.address, password=redis.password)


def test_settings_of_tls_where_there_is_no_server_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"postgres\.tls: only used with database: postgresql"):
        parse_settings({"postgres": {"tls": True}})


def test_passwords_of_services_are_secrets() -> None:
    settings = parse_settings({"live": {"kind": "redis", "url": "redis://h", "password": WRONG}})
    assert WRONG in settings.secrets()
    assert WRONG not in repr(settings)
