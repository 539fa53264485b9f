"""Searches all that a test run brings forth for the password its tests use; a single find fails the run.

Looked at: captured output and logs, what commands print, every HTTP answer and every webhook's body, the text of every
error of ours, the command lines of all processes below this one, and at the end every column of every database and
every file of the run. `WORD` stands in the addresses, tokens and secrets of tests; what a test itself wrote as an
input may hold it.
"""

import http.client
import os
import sqlite3
import sys
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, suppress
from functools import wraps
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError
from typer.testing import CliRunner

from domain.errors import SightlineError
from notification.notifiers.http_endpoint import HttpEndpoint

WORD = "hunter2"
_BYTES = WORD.encode()

MAY_HOLD = ("cameras", "url")
"""A camera is opened with its password, which is stored in this column and nowhere else."""

INPUTS = frozenset({".csv", ".json", ".yaml", ".yml"})
"""Files that a test wrote for the product to read; so are those without a suffix (secrets, and odd files)."""

LARGEST_FILE = 64 << 20
LOOK_EVERY_S = 1.0


class Canary:
    """What was searched, and where the word was found."""

    def __init__(self) -> None:
        self.texts: Counter[str] = Counter()
        self.bytes = 0
        self.found: list[str] = []
        self.searched: set[Path] = set()
        self.test = ""
        self._ended = threading.Event()
        self._watching = threading.Thread(target=self._watch_processes, name="canary", daemon=True)

    def look(self, kind: str, content: str | bytes, where: str = "") -> None:
        self.texts[kind] += 1
        self.bytes += len(content)
        if (WORD in content) if isinstance(content, str) else (_BYTES in content):
            self.found.append(f"{kind} {where}".strip() + (f" in {self.test}" if self.test else ""))

    def start(self) -> None:
        self._watching.start()

    def stop(self) -> None:
        self._ended.set()
        self._watching.join(5)
        self.test = ""

    def _watch_processes(self) -> None:
        ours = psutil.Process()
        seen: set[tuple[int, float]] = set()
        while not self._ended.wait(LOOK_EVERY_S):
            with suppress(psutil.Error):
                for process in ours.children(recursive=True):
                    with suppress(psutil.Error):
                        born = process.pid, process.create_time()
                        if born not in seen:
                            seen.add(born)
                            self.look("command line", "\0".join(process.cmdline()), process.name())

    def look_into_files(self, folder: Path) -> None:
        """Search all files of `folder`, but for those of folders that another process has searched."""
        for path in _files_below(folder, self.searched):
            if path.suffix in INPUTS or not path.suffix:
                continue
            if path.suffix == ".db":
                self._look_into_sqlite(path)
            elif not path.name.endswith(("-wal", "-shm")) and path.stat().st_size <= LARGEST_FILE:
                with suppress(OSError):
                    self.look("file", path.read_bytes(), str(path.relative_to(folder)))

    def _look_into_sqlite(self, path: Path) -> None:
        with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for table in tables:
                columns = [row[1] for row in database.execute(f'PRAGMA table_info("{table}")')]
                columns = [column for column in columns if (table, column) != MAY_HOLD]
                if not columns:
                    continue
                counts = ", ".join(f'total(instr(CAST("{column}" AS TEXT), ?))' for column in columns)
                found = database.execute(f'SELECT {counts} FROM "{table}"', (WORD,) * len(columns)).fetchone()
                for column, held in zip(columns, found, strict=True):
                    self.look("column", WORD if held else "", f"{table}.{column} of {path.name}")

    def look_into_postgres(self, url: str) -> None:
        """Search every database of a server that the tests started."""
        for name in _databases(url):
            engine = create_engine(_name_database(url, name))
            with suppress(SQLAlchemyError), closing(engine.connect()) as connection:
                for table in inspect(engine).get_table_names():
                    for column in (each["name"] for each in inspect(engine).get_columns(table)):
                        if (table, column) != MAY_HOLD:
                            query = f'SELECT count(*) FROM "{table}" WHERE "{column}"::text LIKE :word'
                            held = connection.execute(text(query), {"word": f"%{WORD}%"}).scalar_one()
                            self.look("column", WORD if held else "", f"{table}.{column} of Postgres {name}")
            engine.dispose()


def _files_below(folder: Path, skipped: Collection[Path]) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if Path(parent, name) not in skipped]
        yield from (path for name in names if not (path := Path(parent, name)).is_symlink() and path.is_file())


def _name_database(url: str, database: str) -> Any:
    from sqlalchemy import make_url  # noqa: PLC0415 - beside its only use

    return make_url(url).set(drivername="postgresql+psycopg2", database=database)


def _databases(url: str) -> list[str]:
    engine = create_engine(_name_database(url, "postgres"))
    try:
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate"))
            return [str(row[0]) for row in rows]
    except SQLAlchemyError:
        return []
    finally:
        engine.dispose()


canary = Canary()


def _look_at_results() -> None:
    """Let every command, answer, webhook and error pass by the canary."""
    _after(CliRunner, "invoke", lambda result, _: canary.look("command's output", result.output))
    _after(httpx.Response, "read", lambda content, answer: canary.look("answer", content, str(answer.status_code)))
    _after(http.client.HTTPResponse, "read", lambda content, answer: canary.look("answer", content, str(answer.status)))
    reading = httpx.Response.aread

    async def aread(answer: httpx.Response) -> bytes:
        content = await reading(answer)
        canary.look("answer", content, str(answer.status_code))
        return content

    calling = HttpEndpoint.call

    def call(endpoint: HttpEndpoint, method: str, *, content: bytes = b"", **options: Any) -> str:
        canary.look("webhook's body", content)
        return calling(endpoint, method, content=content, **options)

    making = SightlineError.__init__

    def made(error: SightlineError, *arguments: object) -> None:
        if sys._getframe(1).f_globals.get("__name__", "").startswith("tests."):
            making(error, *arguments)  # a test plays a library that words its error carelessly
            return
        canary.look("error", " ".join(str(each) for each in arguments), type(error).__name__)
        making(error, *arguments)

    httpx.Response.aread = aread  # type: ignore[method-assign, assignment]
    HttpEndpoint.call = call  # type: ignore[method-assign, assignment]
    SightlineError.__init__ = made  # type: ignore[method-assign, assignment]


def _after(owner: type, name: str, look: Callable[[Any, Any], None]) -> None:
    before = getattr(owner, name)

    @wraps(before)
    def passing(self: Any, *arguments: Any, **options: Any) -> Any:
        result = before(self, *arguments, **options)
        look(result, self)
        return result

    setattr(owner, name, passing)


def _is_worker(config: pytest.Config) -> bool:
    """Say whether this process runs tests for another one (pytest-xdist), which has the last word."""
    return hasattr(config, "workerinput")


def pytest_sessionstart(session: pytest.Session) -> None:
    if not _is_worker(session.config):
        canary.start()
    _look_at_results()


def pytest_runtest_logstart(nodeid: str) -> None:
    canary.test = nodeid.partition("[")[0]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if "PYTEST_XDIST_WORKER" in os.environ:
        return  # the report goes on to the process that has the last word
    for name, content in report.sections:
        if report.when == "teardown":  # sections pile up; the last report has them all
            canary.look("captured", content, name)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a process that ran tests for this one has seen."""
    seen = getattr(node, "workeroutput", {}).get("canary")
    if seen is None:
        canary.found.append(f"nothing is known of {node.gateway.id}: it ended without its results")
        return
    canary.texts.update(seen["texts"])
    canary.bytes += seen["bytes"]
    canary.found += seen["found"]
    canary.searched.add(Path(seen["searched"]))


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Search this process's files before it waits for services that others use; report when those are searched, too."""
    folder = _own_folder(session.config)
    if not _is_worker(session.config):
        canary.stop()
    if folder is not None:
        canary.look_into_files(folder)
    yield
    if _is_worker(session.config):
        seen = {"texts": dict(canary.texts), "bytes": canary.bytes, "found": canary.found, "searched": str(folder)}
        session.config.workeroutput["canary"] = seen  # type: ignore[attr-defined]
    elif canary.found:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _own_folder(config: pytest.Config) -> Path | None:
    """Return the temporary folder of this process's tests, if any asked for one."""
    folder = getattr(getattr(config, "_tmp_path_factory", None), "_basetemp", None)
    return None if folder is None else Path(folder)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    kinds = ", ".join(f"{kind}: {count}" for kind, count in sorted(canary.texts.items()))
    searched = f"{sum(canary.texts.values())} texts, {canary.bytes / 2**20:.1f} MiB ({kinds})"
    terminalreporter.write_sep("=", "canary")
    for found in sorted(set(canary.found)):
        terminalreporter.write_line(f"the password is shown: {found}", red=True)
    terminalreporter.write_line(f"the tests' password was found {len(canary.found)} times in {searched}")


@pytest.fixture(autouse=True)
def _canary_in_environment() -> Iterator[None]:
    """Fail a test that leaves the word in the environment, which every child inherits."""
    before = {name for name, value in os.environ.items() if WORD in value}
    yield
    after = {name for name, value in os.environ.items() if WORD in value}
    assert after <= before | {"PYTEST_CURRENT_TEST"}, after - before
