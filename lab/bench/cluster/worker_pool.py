"""The worker processes of a run: started, made to die at a point of a batch, replaced, and ended well."""

import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lab.bench.cluster.worker_setup import WorkerSetup

_END_S = 60.0
_DIE_S = 90.0


class WorkerPool:
    """Workers by number, all with one setup; what they say goes to a file each."""

    def __init__(self, setup: WorkerSetup, count: int, folder: Path) -> None:
        self._setup = setup
        self._folder = folder
        self._processes = [self._start(number) for number in range(count)]

    @property
    def pids(self) -> Sequence[int]:
        return [process.pid for process in self._processes]

    def kill_at(self, number: int, point: str) -> None:
        """Have one worker kill itself at its next batch's `point`; returns once it is dead.

        Raises `RuntimeError` where it reached no such point in time.
        """
        process = self._processes[number]
        assert process.stdin is not None
        process.stdin.write(f"{point}\n")
        process.stdin.flush()
        try:
            ended = process.wait(_DIE_S)
        except subprocess.TimeoutExpired as error:
            raise RuntimeError(f"worker {number} reached no point '{point}'") from error
        process.stdin.close()
        if ended != -signal.SIGKILL:
            raise RuntimeError(f"worker {number} ended with {ended}: {self.log_tail(number)}")

    def replace(self, number: int) -> None:
        """Start a new process in the place of a dead one."""
        self._processes[number] = self._start(number)

    def dead_workers(self) -> list[str]:
        """Return which workers have ended, with the last they said."""
        return [
            f"worker {number} ended: {self.log_tail(number)}"
            for number, process in enumerate(self._processes)
            if process.poll() is not None
        ]

    def log_tail(self, number: int, characters: int = 600) -> str:
        return self._log(number).read_text(errors="replace")[-characters:]

    def stop(self) -> list[str]:
        """End every worker well and return which did not."""
        for process in self._processes:
            if process.stdin is not None and not process.stdin.closed:
                process.stdin.close()
        wrong = []
        for number, process in enumerate(self._processes):
            try:
                ended = process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                ended = process.wait()
            if ended != 0:
                wrong.append(f"worker {number} ended with {ended}: {self.log_tail(number)}")
        return wrong

    def _start(self, number: int) -> "subprocess.Popen[str]":
        with self._log(number).open("a") as log:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "lab.bench.cluster.worker_process"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                cwd=Path(__file__).parents[3],
            )
        assert process.stdin is not None
        process.stdin.write(self._setup.line())
        process.stdin.flush()
        return process

    def _log(self, number: int) -> Path:
        return self._folder / f"worker-{number}.log"


@contextmanager
def start_workers(setup: WorkerSetup, count: int, folder: Path) -> Iterator[WorkerPool]:
    """Run `count` workers for the length of the block; none is left behind."""
    workers = WorkerPool(setup, count, folder)
    try:
        yield workers
    finally:
        workers.stop()
