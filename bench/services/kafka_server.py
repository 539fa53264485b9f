"""A Kafka broker made of Maven Central's jars: one node that is its own controller (KRaft)."""

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.services.server import (
    Absent,
    Server,
    Service,
    Word,
    answers,
    completed,
    free_port,
    running,
    service_folder,
    write_private,
)

_POM = Path(__file__).with_name("pom.xml")


@contextmanager
def kafka() -> Iterator[Service]:
    """Give a broker; its address is HOST:PORT."""
    jars = kafka_jars()
    with service_folder("kafka") as folder:
        port, secured, controller = free_port(), free_port(), free_port()
        password = secrets.token_urlsafe(12)
        properties = folder / "server.properties"
        settings = _settings(folder, port, secured, controller, password)
        write_private(properties, "".join(f"{name}={value}\n" for name, value in settings.items()))
        java: list[Word] = ["java", "-Xmx512m", "-cp", f"{jars}/*"]
        format_data = ["kafka.tools.StorageTool", "format", "-t", "c2lnaHRsaW5lLXRlc3RzLQ", "-c", str(properties)]
        completed([*java, *format_data], folder)
        with running(Server([*java, "kafka.Kafka", properties], folder, lambda: answers(port))) as server:
            yield Service(f"127.0.0.1:{port}", f"127.0.0.1:{secured}", password, folder, server)


def _settings(folder: Path, port: int, secured: int, controller: int, password: str) -> Mapping[str, object]:
    login = "org.apache.kafka.common.security.plain.PlainLoginModule required"
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "listeners": f"PLAINTEXT://127.0.0.1:{port},SASL_PLAINTEXT://127.0.0.1:{secured},"
        f"CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port},SASL_PLAINTEXT://127.0.0.1:{secured}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.sasl_plaintext.plain.sasl.jaas.config": f'{login} user_sightline="{password}";',
        "log.dirs": folder / "data",
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1000,
        "auto.create.topics.enable": "false",
    }


def kafka_jars() -> Path:
    """Return the folder of the broker's jars, fetched once into the user's cache."""
    lacking = [name for name in ("java", "mvn") if shutil.which(name) is None]
    if lacking:
        raise Absent(
            f"Kafka needs {' and '.join(lacking)}: apt-get install openjdk-17-jre-headless maven, or name a broker"
        )
    caches = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    jars = caches / "sightline" / "kafka-4.1.0"
    if not jars.exists():
        with service_folder("kafka-jars", near=jars.parent) as fetched:
            fetch: list[Word] = ["mvn", "-B", "-q", "-f", _POM]
            fetch += ["dependency:copy-dependencies", f"-DoutputDirectory={fetched / 'jars'}", "-DincludeScope=runtime"]
            completed(fetch, fetched)
            (fetched / "jars").rename(jars)
    return jars
