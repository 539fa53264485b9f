"""The broker as docker-compose.yml configures it, run outside a container: who has no password gets nothing."""

import gc
import secrets
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import kafka
import pytest
import yaml
from kafka import errors

from domain.errors import ConfigError
from lab.services.server_process import (
    ServerProcess,
    Word,
    accepts_connections,
    run_command,
    run_server,
    service_folder,
    write_private,
)
from sightline.config.settings_loading import load_settings
from sightline.services.cluster_connections import make_kafka_settings
from tests import services
from tests.fakes.ports import FakeClock
from transport.kafka.topics import KafkaSettings, count_partitions, prepare_topics

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <s:ResourceWarning")

ROOT = Path(__file__).parents[3]
PASSWORD = secrets.token_urlsafe(12)


def properties(folder: Path) -> tuple[Mapping[str, str], Mapping[str, int]]:
    """Return the broker's settings as its image makes them of the environment, on ports and a folder of the test."""
    compose: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    environment = compose["services"]["kafka"]["environment"]
    ports = {port: services.free_port() for port in ("9092", "9093", "9094")}
    found = {}
    for name, given in environment.items():
        key = name.removeprefix("KAFKA_").lower().replace("___", "-").replace("__", "\0").replace("_", ".")
        found[key.replace("\0", "_")] = _on_this_machine(given, ports)
    return {**found, "log.dirs": str(folder / "data"), "offsets.topic.num.partitions": "1"}, ports


def _on_this_machine(value: str, ports: Mapping[str, int]) -> str:
    value = value.replace("${KAFKA_PASSWORD:?set KAFKA_PASSWORD}", PASSWORD).replace("//kafka:", "//127.0.0.1:")
    value = value.replace("INSIDE://:", "INSIDE://127.0.0.1:")
    for port, free in ports.items():
        value = value.replace(f":{port}", f":{free}")
    return value


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Kafka's client forgets the sockets of connections that were refused; each test collects its own."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def ports() -> Iterator[Mapping[str, int]]:
    """Start the broker; give where each port of docker-compose.yml is."""
    try:
        jars = services.kafka_jars()
    except services.ServiceMissing as error:
        services.absent(error)
    with service_folder("kafka-compose") as folder:
        settings, chosen = properties(folder)
        file = folder / "server.properties"
        write_private(file, "".join(f"{name}={value}\n" for name, value in settings.items()))
        java: list[Word] = ["java", "-Xmx384m", "-cp", f"{jars}/*"]
        run_command([*java, "kafka.tools.StorageTool", "format", "-t", "c2lnaHRsaW5lLXRlc3RzLQ", "-c", file], folder)
        with run_server(
            ServerProcess([*java, "kafka.Kafka", file], folder, lambda: accepts_connections(chosen["9092"]))
        ):
            yield chosen


def queue(ports: Mapping[str, int], monkeypatch: pytest.MonkeyPatch, password: str = PASSWORD) -> KafkaSettings:
    """Return where deploy/sightline.yaml finds the broker."""
    for name in ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "SIGHTLINE_TOKEN"):
        monkeypatch.setenv(name, "a-word-long-enough-for-a-token")
    monkeypatch.setenv("KAFKA_PASSWORD", password)
    chosen = load_settings(ROOT / "deploy" / "sightline.yaml").queue
    return make_kafka_settings(chosen.model_copy(update={"servers": (f"127.0.0.1:{ports['9092']}",)}))


def test_our_own_settings_reach_the_broker_of_the_compose_file(
    ports: Mapping[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = queue(ports, monkeypatch)

    prepare_topics(settings, FakeClock())

    assert count_partitions(settings) == settings.partitions


def test_a_wrong_password_names_its_setting(ports: Mapping[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"queue\.user"):
        prepare_topics(queue(ports, monkeypatch, "wrong"), FakeClock())


def test_nobody_without_a_password_is_let_in(ports: Mapping[str, int]) -> None:
    with pytest.raises(errors.KafkaError):
        kafka.KafkaAdminClient(bootstrap_servers=f"127.0.0.1:{ports['9092']}", bootstrap_timeout_ms=3000)

    kafka.KafkaAdminClient(bootstrap_servers=f"127.0.0.1:{ports['9094']}", bootstrap_timeout_ms=3000).close()


def test_only_the_health_check_uses_the_open_port_of_the_loopback() -> None:
    kafka_service = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]["kafka"]
    listeners = dict(each.split("://", 1) for each in kafka_service["environment"]["KAFKA_LISTENERS"].split(","))
    protocols = dict(
        each.split(":") for each in kafka_service["environment"]["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(",")
    )

    beyond = [name for name, address in listeners.items() if not address.startswith("127.0.0.1:")]

    assert [protocols[name] for name in beyond] == ["SASL_PLAINTEXT"]
    assert "127.0.0.1:9094" in shlex.join(kafka_service["healthcheck"]["test"])
