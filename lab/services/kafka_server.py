"""A Kafka broker made of Maven Central's jars: one node that is its own controller (KRaft)."""

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.services.certificates import Certificate
from lab.services.server_process import (
    ServerProcess,
    Service,
    ServiceMissing,
    Word,
    accepts_connections,
    free_port,
    run_command,
    run_server,
    service_folder,
    write_private,
)

_POM = Path(__file__).with_name("pom.xml")


@dataclass(frozen=True, slots=True)
class _Ports:
    plain: int
    secured: int
    controller: int
    tls: int
    secured_tls: int


@contextmanager
def kafka(certificate: Certificate | None = None, *, advertised: Mapping[str, int] | None = None) -> Iterator[Service]:
    """Give a broker; its address is HOST:PORT. With a certificate it listens with TLS too.

    `advertised` names further listeners, in capitals, each with the port that its clients are sent to: a proxy's.
    `Service.listeners` then says where each really listens.
    """
    jars = kafka_jars()
    with service_folder("kafka") as folder:
        ports = _Ports(*(free_port() for _ in range(5)))
        password = secrets.token_urlsafe(12)
        properties = folder / "server.properties"
        settings = {**_settings(folder, ports, password), **(_tls(ports, certificate) if certificate else {})}
        listeners = {name: free_port() for name in advertised or {}}
        settings |= _behind_proxies(settings, listeners, advertised or {})
        write_private(properties, "".join(f"{name}={value}\n" for name, value in settings.items()))
        java: list[Word] = ["java", "-Xmx512m", "-cp", f"{jars}/*"]
        format_data = ["kafka.tools.StorageTool", "format", "-t", "c2lnaHRsaW5lLXRlc3RzLQ", "-c", str(properties)]
        format_data += ["--add-scram", f"SCRAM-SHA-512=[name=sightline,password={password}]"]
        run_command([*java, *format_data], folder)
        with run_server(
            ServerProcess([*java, "kafka.Kafka", properties], folder, lambda: accepts_connections(ports.plain))
        ) as server:
            yield Service(
                f"127.0.0.1:{ports.plain}",
                f"127.0.0.1:{ports.secured}",
                password,
                f"127.0.0.1:{ports.tls}" if certificate else "",
                f"127.0.0.1:{ports.secured_tls}" if certificate else "",
                folder,
                server,
                {name: f"127.0.0.1:{port}" for name, port in listeners.items()},
            )


def _settings(folder: Path, ports: _Ports, password: str) -> Mapping[str, object]:
    login = "org.apache.kafka.common.security.plain.PlainLoginModule required"
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@127.0.0.1:{ports.controller}",
        **_listeners({"PLAINTEXT": ports.plain, "SASL_PLAINTEXT": ports.secured}, ports.controller),
        "controller.listener.names": "CONTROLLER",
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


def _tls(ports: _Ports, certificate: Certificate) -> Mapping[str, object]:
    """Return what a broker needs besides to listen with TLS: once for clients with a certificate, once with a login."""
    plain = {"PLAINTEXT": ports.plain, "SASL_PLAINTEXT": ports.secured}
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    return {
        **_listeners({**plain, "SSL": ports.tls, "SASL_SSL": ports.secured_tls}, ports.controller),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": certificate.key_and_chain,
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": certificate.authority,
        "listener.name.ssl.ssl.client.auth": "required",
        "listener.name.sasl_ssl.sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": scram,
    }


def _behind_proxies(
    settings: Mapping[str, object], listeners: Mapping[str, int], advertised: Mapping[str, int]
) -> Mapping[str, object]:
    """Return the listeners of these settings with further ones that send their clients elsewhere."""

    def extend(name: str, more: Mapping[str, str]) -> str:
        return ",".join([str(settings[name]), *more.values()])

    return {
        "listeners": extend("listeners", {n: f"{n}://127.0.0.1:{port}" for n, port in listeners.items()}),
        "advertised.listeners": extend(
            "advertised.listeners", {n: f"{n}://127.0.0.1:{port}" for n, port in advertised.items()}
        ),
        "listener.security.protocol.map": extend(
            "listener.security.protocol.map", {n: f"{n}:PLAINTEXT" for n in listeners}
        ),
    }


def _listeners(ports: Mapping[str, int], controller: int) -> Mapping[str, str]:
    addresses = ",".join(f"{name}://127.0.0.1:{port}" for name, port in ports.items())
    return {
        "listeners": f"{addresses},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": addresses,
        "listener.security.protocol.map": ",".join(f"{name}:{name}" for name in ports) + ",CONTROLLER:PLAINTEXT",
    }


def kafka_jars() -> Path:
    """Return the folder of the broker's jars, fetched once into the user's cache."""
    lacking = [name for name in ("java", "mvn") if shutil.which(name) is None]
    if lacking:
        raise ServiceMissing(
            f"Kafka needs {' and '.join(lacking)}: apt-get install openjdk-17-jre-headless maven, or name a broker"
        )
    caches = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    jars = caches / "sightline" / "kafka-4.1.0"
    if not jars.exists():
        with service_folder("kafka-jars", near=jars.parent) as fetched:
            fetch: list[Word] = ["mvn", "-B", "-q", "-f", _POM]
            fetch += ["dependency:copy-dependencies", f"-DoutputDirectory={fetched / 'jars'}", "-DincludeScope=runtime"]
            run_command(fetch, fetched)
            (fetched / "jars").rename(jars)
    return jars
