"""A process that reads several cameras, because a call into FFmpeg that hangs can only be ended with its process.

Started by `ingest.supervise.process_handle` with a socket to the supervisor, which is also its life line: when the
supervisor is
gone, however it went, the socket ends and so does this process, its sessions with it. Addresses and passwords come
through the socket, never in the command line.
"""

import logging
import os
import re
import resource
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType

import cv2

from detectors.metrics.allocator import keep_freed_memory, return_freed_memory
from domain.clocks import elapsed_s
from domain.frames import Frame
from domain.text.plain_text import escape_invisible
from domain.text.redaction import redact_text
from ingest.supervise.camera_reader import CameraReader
from ingest.supervise.ipc import (
    ReaderCommand,
    ReaderSetup,
    ReaderStuck,
    SetClock,
    SetMasks,
    SetModels,
    SetViewed,
    ShutDown,
    StartCamera,
    StopCamera,
)
from ingest.supervise.measurement import FrameMeasurer
from ingest.supervise.send_buffer import SendBuffer

TICK_S = 0.25
FAREWELL_S = 3.0
IDLE_S = 15.0
"""Without a picture for this long, a process gives back the memory that it keeps for the next one."""
SWITCH_INTERVAL_S = 0.001
STATUS = Path("/proc/self/status")

_log = logging.getLogger(__name__)


class SupervisorClock:
    """The supervisor's time as it was last sent; the machine's until then. A clock object does not cross processes."""

    def __init__(self) -> None:
        self._began_at_s: float | None = None

    def follow(self, status: SetClock) -> None:
        self._began_at_s = status.began_at_s

    def now(self) -> datetime:
        began_at_s = self._began_at_s
        return datetime.now(UTC) if began_at_s is None else datetime.fromtimestamp(began_at_s + elapsed_s(), UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class ReaderProcess:
    """The readers of this process; everything here runs in its main thread except the sending."""

    def __init__(self, connection: Connection, setup: ReaderSetup) -> None:
        self._connection = connection
        self._setup = setup
        self._clock = SupervisorClock()
        self._buffer = SendBuffer(setup.buffer_bytes)
        self._measurer = FrameMeasurer(setup.metrics, setup.model_every_s)
        self._readers: dict[str, CameraReader] = {}
        self._leaving: list[CameraReader] = []
        self._reported: set[str] = set()
        self._ending = threading.Event()
        self._sender = threading.Thread(target=self._send, name="sender", daemon=True)

    def run(self) -> None:
        """Obey commands and watch the readers until a shutdown is asked for or the supervisor is gone."""
        self._sender.start()
        try:
            while True:
                if self._connection.poll(TICK_S):
                    command: ReaderCommand = self._connection.recv()
                    if isinstance(command, ShutDown):
                        break
                    if isinstance(command, SetClock):
                        self._clock.follow(command)
                    elif isinstance(command, SetViewed):
                        self._measurer.set_viewed(command.cameras)
                    elif isinstance(command, SetModels):
                        self._measurer.set_models(command.names)
                    elif isinstance(command, SetMasks):
                        self._measurer.set_masks(command.name, command.masks)
                    else:
                        self._apply_command(command)
                self._watch()
        except (EOFError, OSError):
            return
        self._shut_down()

    def _apply_command(self, command: StartCamera | StopCamera) -> None:
        name = command.name if isinstance(command, StopCamera) else command.camera.name
        before = self._readers.pop(name, None)
        if before is not None:
            before.stop()
            self._leaving.append(before)
        if isinstance(command, StopCamera):
            return
        self._measurer.set_masks(name, command.camera.masks)
        leaving = [reader for reader in self._leaving if reader.camera.name == name]
        reader = CameraReader(
            command.camera,
            self._clock,
            self._buffer,
            handover=command.handover,
            deadlines=self._setup.deadlines,
            limits=self._setup.limits,
            predecessor=leaving[-1] if leaving else None,
            inherits=before is not None,
        )
        self._readers[name] = reader
        reader.start()

    def _watch(self) -> None:
        self._leaving = [reader for reader in self._leaving if not reader.has_ended()]
        for reader in self._readers.values():
            reader.tick()
        for reader in [*self._readers.values(), *self._leaving]:
            name = reader.camera.name
            if reader.stuck_s() > self._setup.hang_s and name not in self._reported:
                self._reported.add(name)
                self._buffer.put(ReaderStuck(name))

    def _shut_down(self) -> None:
        readers = [*self._readers.values(), *self._leaving]
        for reader in readers:
            reader.stop()
        until_s = time.monotonic() + FAREWELL_S
        while time.monotonic() < until_s and not all(reader.has_ended() for reader in readers):
            time.sleep(0.02)
        self._ending.set()
        self._buffer.close()
        self._sender.join(max(0.0, until_s - time.monotonic()))

    def _send(self) -> None:
        measured_s, kept = time.monotonic(), False
        try:
            while True:
                message = self._buffer.get(TICK_S)
                if isinstance(message, Frame):
                    # Measured here and not where it is read: a slow machine then drops frames, it does not read late.
                    self._connection.send(self._measurer.measure(message))
                    measured_s, kept = time.monotonic(), True
                elif message is not None:
                    self._connection.send(message)
                elif self._ending.is_set():
                    return
                if kept and time.monotonic() - measured_s > IDLE_S:
                    kept = False
                    return_freed_memory()
        except OSError:
            return


def bound_memory(share_bytes: int) -> None:
    """Let the kernel refuse what the supervisor would see too late: twice the share, grown between two looks.

    Counted on top of what the libraries reserve at their start, which grows with the machine's cores.
    """
    if not STATUS.exists():
        return
    found = re.search(r"^VmData:\s+(\d+) kB", STATUS.read_text(), re.MULTILINE)
    if found is None:
        return
    most = int(found[1]) * 1024 + 2 * share_bytes
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard == resource.RLIM_INFINITY or most < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def main(descriptor: int) -> None:
    # Control-C and the end of a terminal reach the whole process group; the supervisor decides what they mean.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    set_up_reader_logging()
    connection = Connection(descriptor)
    try:
        setup: ReaderSetup = connection.recv()
        bound_memory(setup.limits.max_memory_bytes)
        keep_freed_memory()
        cv2.setNumThreads(1)
        # Threads that read must not wait long for the one that measures.
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        ReaderProcess(connection, setup).run()
    except EOFError:
        _log.debug("the supervisor left before it said anything")
    # A thread inside FFmpeg cannot be joined; the kernel closes what it holds.
    os._exit(0)


__log = logging.getLogger(__name__)


class CleanFormatter(logging.Formatter):
    """Removes credentials and control characters; further lines, of a trace, are indented."""

    def format(self, record: logging.LogRecord) -> str:
        return "\n    ".join(escape_invisible(line) for line in redact_text(super().format(record)).split("\n"))


def set_up_reader_logging() -> None:
    """Log warnings, errors and uncaught exceptions, which Python would print with their secrets."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(CleanFormatter("%(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda status: _log_uncaught(status.exc_type, status.exc_value, status.exc_traceback)


def _log_uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    _log.error("a reading process failed", exc_info=(kind, error or kind(), trace))
