"""Where a run takes place: a broker, a Postgres and a Redis, started here or given by address."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass

from lab import services
from lab.services import Service


@dataclass(frozen=True, slots=True)
class ServiceAddresses:
    """Services that run already; an empty one is started. Only what was started here can be restarted."""

    kafka: str = ""
    postgres: str = ""
    redis: str = ""


@dataclass(frozen=True, slots=True)
class ClusterServices:
    """The three services, running."""

    kafka: Service
    postgres: Service
    redis: Service


@contextmanager
def start_services(given: ServiceAddresses, *, durable: bool = False) -> Iterator[ClusterServices]:
    """Start what is not given. `durable`: our Postgres waits for its disk. Raises `ServiceMissing` where one cannot
    be had.
    """
    with ExitStack() as stack:

        def running(address: str, start: Callable[[], AbstractContextManager[Service]]) -> Service:
            return Service(address) if address else stack.enter_context(start())

        yield ClusterServices(
            kafka=running(given.kafka, services.kafka),
            postgres=running(given.postgres, lambda: services.postgres(durable=durable)),
            redis=running(given.redis, services.redis),
        )
