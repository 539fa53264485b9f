"""A reading process as its supervisor holds it: a socket to talk through, and the means to kill it."""

import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path

import psutil

from ingest.supervise.ipc import ReaderCommand, ReaderSetup, ShutDown

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = (
    "import sys; sys.path.append(sys.argv[2]); from ingest.supervise.reader_process import main; main(int(sys.argv[1]))"
)
"""`-P` keeps the current folder out of the search for modules; ours come after Python's, so no file can pose as one."""
FIRST_MESSAGE_S = 60.0
"""Until its first message a process imports its modules, which takes tens of seconds on a machine that is too busy."""
CRASHES = frozenset({signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL})

_log = logging.getLogger(__name__)


def safe_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a Python process that must import nothing from the current folder."""
    given = environment.get("PYTHONPATH", "").split(os.pathsep)
    kept = os.pathsep.join(entry for entry in given if os.path.isabs(entry))
    rest = {name: value for name, value in environment.items() if name != "PYTHONPATH"}
    return {**rest, "PYTHONSAFEPATH": "1", **({"PYTHONPATH": kept} if kept else {})}


class ReaderProcessHandle:
    """Started at once; ends with `kill`, `end`, or when this process does."""

    def __init__(self, setup: ReaderSetup) -> None:
        ours, theirs = socket.socketpair()
        self.silent_s = 0.0
        self.has_spoken = False
        self.connection = Connection(ours.detach())
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", PROGRAM, str(theirs.fileno()), str(ROOT)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=safe_environment(os.environ),  # passed on; no setting is read from it
            )
        self.pid = self._process.pid
        self._say(setup)

    def tell(self, command: ReaderCommand) -> None:
        """Send a command. A process that is gone is noticed when it is read from."""
        self._say(command)

    def _say(self, message: ReaderCommand | ReaderSetup) -> None:
        try:
            self.connection.send(message)
        except OSError:
            _log.debug("reading process %d is gone", self.pid)

    def is_silent(self, limit_s: float) -> bool:
        """Return whether nothing came from it for longer than `limit_s`, or `FIRST_MESSAGE_S` while it starts."""
        return self.silent_s > (limit_s if self.has_spoken else max(limit_s, FIRST_MESSAGE_S))

    def ask_to_end(self) -> None:
        """Let it close its sessions and send what it has."""
        self._say(ShutDown())

    def end(self) -> None:
        """End a process that reads nothing any more."""
        self.ask_to_end()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            _log.warning("reading process %d does not end and is killed", self.pid)
        self.kill()

    def kill(self) -> None:
        """End it now; the kernel closes its sessions. Returns when it is gone."""
        self.connection.close()
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def resident_bytes(self) -> int:
        """Return the memory it holds, 0 where it is gone."""
        try:
            return int(psutil.Process(self.pid).memory_info().rss)
        except psutil.Error:
            return 0

    def cpu_s(self) -> float:
        """Return the CPU seconds it has used, 0 where it is gone."""
        try:
            used = psutil.Process(self.pid).cpu_times()
        except psutil.Error:
            return 0.0
        return float(used.user + used.system)

    def has_failed(self) -> bool:
        """Return whether it ended otherwise than asked; waits a moment for its end."""
        try:
            return self._process.wait(1) != 0
        except subprocess.TimeoutExpired:
            return True

    def has_crashed(self) -> bool:
        """Return whether it crashed, rather than being killed; waits a moment for its end."""
        try:
            code = self._process.wait(1)
        except subprocess.TimeoutExpired:
            return False
        return code < 0 and -code in CRASHES
