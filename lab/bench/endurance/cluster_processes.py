"""The cluster for kills and cuts: each part a process of its own, each way between two parts through a proxy."""

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Engine

from lab import services
from lab.bench.endurance.page_visitor import PageVisitor
from lab.bench.endurance.sightline_process import SIGHTLINE, SightlineProcess
from lab.bench.endurance.tcp_proxy import TcpProxy, tcp_proxy
from lab.services import Service
from lab.services.databases import fresh_database
from lab.services.server_process import reserve_port, write_private
from storage.sql.database.engine import open_engine
from storage.sql.database.migrate import upgrade_schema

COMMANDS = ("dispatch", "serve", "work-0", "work-1", "ingest")
PARTITIONS = 8
_SERVICES_OF = {
    "dispatch": ("postgres", "redis"),
    "serve": ("postgres", "redis"),
    "work": ("kafka", "postgres", "redis"),
    "ingest": ("kafka", "postgres"),
}


@dataclass(slots=True)
class ClusterProcesses:
    """Everything that runs. `links` are the proxies by (part's command, service)."""

    kafka: Service
    postgres: Service
    redis: Service
    database: str
    topic: str
    engine: Engine
    links: Mapping[tuple[str, str], TcpProxy]
    visitor: PageVisitor
    programs: dict[str, SightlineProcess] = field(default_factory=dict)
    health: dict[str, PageVisitor] = field(default_factory=dict)
    """Where each process says how it is."""

    def failure(self) -> list[str]:
        return [said for program in self.programs.values() if (said := program.failure())]

    def stop(self) -> list[str]:
        """Ask all to end, ingest first; return what is wrong with how they ended."""
        return [said for program in reversed(self.programs.values()) if (said := program.stop())]


@contextmanager
def start_cluster(
    folder: Path, cameras: Sequence[Mapping[str, str]], more: Mapping[str, Any], environment: Mapping[str, str]
) -> Iterator[ClusterProcesses]:
    """Start services, proxies and parts; `more` are settings of all parts. Raises `ServiceMissing` without a
    service.
    """
    with ExitStack() as stack:
        links = {
            (part, service): stack.enter_context(tcp_proxy())
            for part, needs in _SERVICES_OF.items()
            for service in needs
        }
        advertised = {part.upper(): links[part, "kafka"].port for part in ("work", "ingest")}
        kafka = stack.enter_context(services.kafka(advertised=advertised))
        postgres, redis = stack.enter_context(services.postgres()), stack.enter_context(services.redis())
        database = stack.enter_context(fresh_database(postgres.address))
        for (part, service), proxy in links.items():
            addresses = {"postgres": _host_and_port(database), "redis": _host_and_port(redis.address)}
            proxy.target = kafka.listeners[part.upper()] if service == "kafka" else addresses[service]
        engine = open_engine(database, busy_timeout_s=60)
        stack.callback(engine.dispose)
        upgrade_schema(engine)
        topic = f"bench.{secrets.token_hex(4)}"
        visitor = PageVisitor("127.0.0.1", reserve_port(), secrets.token_urlsafe(24))
        found = ClusterProcesses(kafka, postgres, redis, database, topic, engine, links, visitor)
        for name in COMMANDS:
            command = name.partition("-")[0]
            port = visitor.port if name == "serve" else reserve_port()
            content = {**_settings(found, command), **more, "cameras": list(cameras)}
            content |= (
                {"api": {"port": port, "token": visitor.token}} if name == "serve" else {"health": {"port": port}}
            )
            settings = folder / f"{name}.json"
            write_private(settings, json.dumps(content))
            log = folder / f"{name}.log"
            program = SightlineProcess(name, (*SIGHTLINE, command, str(settings)), log, environment)
            stack.callback(program.kill)
            found.programs[name], found.health[name] = program, PageVisitor("127.0.0.1", port, visitor.token)
        for program in found.programs.values():
            program.start()
        yield found


def _settings(found: ClusterProcesses, command: str) -> dict[str, Any]:
    """Return the settings of one command: every service by its own proxy."""

    def through(service: str, address: str) -> str:
        proxy = found.links.get((command, service))
        return address if proxy is None else address.replace(_host_and_port(address), f"127.0.0.1:{proxy.port}")

    return {
        "database": through("postgres", found.database),
        "queue": {
            "kind": "kafka",
            "servers": [through("kafka", found.kafka.address)],
            "topic": found.topic,
            "group": found.topic,
            "partitions": PARTITIONS,
        },
        "live": {"kind": "redis", "url": through("redis", found.redis.address)},
        "threads": 1,
    }


def _host_and_port(address: str) -> str:
    """Return HOST:PORT of an address, with or without a scheme."""
    whole = urlsplit(address if "://" in address else f"tcp://{address}")
    return f"{whole.hostname}:{whole.port}"
