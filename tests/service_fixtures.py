"""Real services, started once per run for all that ask, in whichever process; absent ones skip, in CI they fail."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import fields
from io import TextIOWrapper
from pathlib import Path

import pytest

from tests import services
from tests.canary import canary

_FACTS = tuple(each.name for each in fields(services.Service) if each.init and each.name not in ("folder", "_server"))


class SharedServices:
    """What the processes of one run share: the first that asks starts a service, and stops it when the last is done.

    A test that kills its service starts one of its own: here, only the process that started it could.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._used: dict[str, services.Service] = {}
        self._leave = ExitStack()

    def use(
        self,
        name: str,
        start: Callable[[], AbstractContextManager[services.Service]],
        before_stop: Callable[[services.Service], None] = lambda _: None,
    ) -> services.Service:
        if name not in self._used:
            with self._lock(name):
                self._used[name] = self._join(name) or self._start(name, start, before_stop)
        return self._used[name]

    def leave(self) -> None:
        """Give up what others started; stop what we started as soon as nobody uses it any more."""
        self._used.clear()
        self._leave.close()

    def _join(self, name: str) -> services.Service | None:
        record = self._folder / f"{name}.json"
        if not record.exists():
            return None
        facts = json.loads(record.read_text())
        path = Path(facts.pop("users"))
        users = self._leave.enter_context(path.open())
        fcntl.flock(users, fcntl.LOCK_SH)
        return services.Service(**facts)

    def _start(
        self,
        name: str,
        start: Callable[[], AbstractContextManager[services.Service]],
        before_stop: Callable[[services.Service], None],
    ) -> services.Service:
        with ExitStack() as failed:
            service = failed.enter_context(start())
            users = failed.enter_context((self._folder / f"{name}-{os.getpid()}.users").open("w"))
            record = self._folder / f"{name}.json"
            record.touch(mode=0o600)
            facts = {fact: getattr(service, fact) for fact in _FACTS}
            record.write_text(json.dumps({**facts, "users": users.name}))
            failed.callback(before_stop, service)
            failed.callback(self._wait_for_others, name, users)
            self._leave.push(failed.pop_all())
        return service

    def _wait_for_others(self, name: str, users: TextIOWrapper) -> None:
        with self._lock(name):
            (self._folder / f"{name}.json").unlink()  # whoever asks from now on starts another
        fcntl.flock(users, fcntl.LOCK_EX)

    @contextmanager
    def _lock(self, name: str) -> Iterator[None]:
        with (self._folder / f"{name}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


_shared: list[SharedServices] = []


@pytest.fixture(scope="session")
def shared_services(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SharedServices:
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if hasattr(request.config, "workerinput") else base) / "services"
    folder.mkdir(exist_ok=True)
    _shared.append(SharedServices(folder))
    return _shared[-1]


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish() -> None:
    """Stop services here, where no test's time runs: waiting for the other processes takes as long as their tests."""
    while _shared:
        _shared.pop().leave()


@pytest.fixture(scope="session")
def postgres_url(shared_services: SharedServices) -> str:
    def search(server: services.Service) -> None:
        canary.look_into_postgres(server.address)

    try:
        return shared_services.use("postgres", services.postgres, search).address
    except services.ServiceMissing as error:
        services.absent(error)


@pytest.fixture(scope="session")
def redis_server(shared_services: SharedServices) -> services.Service:
    try:
        return shared_services.use("redis", services.redis)
    except services.ServiceMissing as error:
        services.absent(error)


@pytest.fixture(scope="session")
def kafka_broker(shared_services: SharedServices) -> services.Service:
    try:
        return shared_services.use("kafka", services.kafka)
    except services.ServiceMissing as error:
        services.absent(error)
