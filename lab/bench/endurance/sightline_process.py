"""A command of Sightline as a process of its own: started, killed as by a power cut, started again, ended well."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

SIGHTLINE = (sys.executable, "-X", "faulthandler", "-P", "-c", "from sightline.cli.main import app; app()")
"""The command, and where each of its threads is on SIGABRT."""
_END_S = 60.0
_ABORT_S = 5.0
_STACKS = 12_000
"""Characters of the log that hold the stacks of all threads."""


@dataclass(slots=True)
class SightlineProcess:
    """`command` and what it says, both its streams, in one file that grows with each start."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def pid(self) -> int | None:
        return None if self.process is None else self.process.pid

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=dict(self.environment)
            )

    def children(self) -> list[psutil.Process]:
        """Return the processes it started, all the way down."""
        if self.process is None:
            return []
        try:
            return list(psutil.Process(self.process.pid).children(recursive=True))
        except psutil.NoSuchProcess:
            return []

    def tree(self) -> list[psutil.Process]:
        """Return its process and those it started; none where it does not run."""
        if self.process is None:
            return []
        try:
            return [psutil.Process(self.process.pid), *self.children()]
        except psutil.NoSuchProcess:
            return []

    def kill(self) -> None:
        """End it as a power cut would; what it started is left to itself."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def failure(self) -> str:
        """Return what it said last where it has ended although nobody asked it to, else ""."""
        if self.process is None or self.process.poll() is None:
            return ""
        return f"{self.name} ended with {self.process.returncode}: {self.tail()}"

    def tail(self, characters: int = 600) -> str:
        return self.log.read_text(errors="replace")[-characters:] if self.log.exists() else ""

    def stop(self) -> str:
        """Ask it to end, as a service manager does; return what is wrong with how it ended, or ""."""
        process, self.process = self.process, None
        if process is None:
            return ""
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(_END_S)
        except subprocess.TimeoutExpired:
            return f"{self.name} did not end within {_END_S:.0f} s: {self._abort(process)}"
        return "" if code == 0 else f"{self.name} ended with {code}: {self.tail()}"

    def _abort(self, process: "subprocess.Popen[bytes]") -> str:
        """End a process that does not end by itself; return what it said last and where each thread was."""
        process.send_signal(signal.SIGABRT)
        try:
            process.wait(_ABORT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        return self.tail(_STACKS)


def find_orphans(children: Sequence[psutil.Process], patience_s: float) -> list[int]:
    """Return which of these processes still live after so many seconds."""
    deadline = time.monotonic() + patience_s
    while True:
        alive = [child.pid for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
        if not alive or time.monotonic() > deadline:
            return alive
        time.sleep(0.1)
