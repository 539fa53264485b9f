"""A container without a container engine: an image's files, started as docker-compose.yml asks for it.

It needs root on Linux, and `unshare`, `mount` and `chroot`; the image needs `setpriv` (Debian's has it). Enforced are
the user, no capability and none to be gained, a read-only root, the declared folders in memory with their sizes,
mounted files read-only, a process namespace of its own, nothing of the caller's environment, and the limits of memory
and processes where control groups can be made. Not enforced are Docker's system call filter and the networks: it shares
the caller's network.
"""

import os
import shlex
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

_DEVICES = ("null", "zero", "full", "random", "urandom")
_CONTROL_GROUPS = Path("/sys/fs/cgroup")
_START_S = 20.0


@dataclass(frozen=True, slots=True)
class Container:
    """What one service is started with."""

    root: Path
    """The image's files; only empty files and folders are made in it, where something is mounted."""
    command: tuple[str, ...]
    user: str
    """UID:GID"""
    environment: Mapping[str, str] = field(repr=False)
    folder: str
    """Where the command starts."""
    tmpfs: tuple[str, ...] = ()
    """As Compose writes them: PATH:size=256m,uid=10001"""
    mounts: Mapping[str, Path] = field(default_factory=dict)
    """Files by their place in the container, mounted read-only."""
    memory_bytes: int = 0
    """0: no limit"""
    pids: int = 0
    """0: no limit"""


def control_groups(container: Container, name: str) -> Mapping[Path, Mapping[str, int]]:
    """Return the control groups that hold a container to its limits, with what is written into each."""
    wanted = {"memory": container.memory_bytes, "pids": container.pids}
    wanted = {kind: limit for kind, limit in wanted.items() if limit}
    if (_CONTROL_GROUPS / "cgroup.controllers").is_file():
        return {_CONTROL_GROUPS / name: {f"{kind}.max": limit for kind, limit in wanted.items()}}
    files = {"memory": "memory.limit_in_bytes", "pids": "pids.max"}
    return {
        _CONTROL_GROUPS / kind / name: {files[kind]: limit}
        for kind, limit in wanted.items()
        if (_CONTROL_GROUPS / kind).is_dir()
    }


def start_script(container: Container, new_root: Path, groups: Iterable[Path] = ()) -> str:
    """Return the shell script that lays the container out at `new_root` and enters it, in namespaces of its own."""
    place = shlex.quote(str(new_root))
    lines = ["set -eu", *(f"echo 0 >{group}/cgroup.procs" for group in groups)]
    lines += ["mount --make-rprivate /", f"mount --bind {shlex.quote(str(container.root))} {place}"]
    lines += [f"mount -t proc -o nosuid,nodev,noexec proc {place}/proc"]
    lines += [f"mount -t tmpfs -o nosuid,noexec,mode=755 tmpfs {place}/dev", f"mkdir {place}/dev/shm"]
    lines += [f"mount -t tmpfs -o nosuid,nodev,noexec,size=64m tmpfs {place}/dev/shm"]
    lines += [f"touch {place}/dev/{each} && mount --bind /dev/{each} {place}/dev/{each}" for each in _DEVICES]
    for mount in container.tmpfs:
        path, _, options = mount.partition(":")
        mode = "" if "mode=" in options else ",mode=755" if "uid=" in options else ",mode=1777"
        lines += [f"mkdir -p {place}{path}"]
        lines += [f"mount -t tmpfs -o nosuid,nodev,noexec,{options}{mode} tmpfs {place}{path}"]
    for target, source in {"/etc/hosts": Path("/etc/hosts"), **container.mounts}.items():
        lines += [f"mkdir -p {place}{Path(target).parent}", f"[ -e {place}{target} ] || touch {place}{target}"]
        lines += [f"mount --bind {shlex.quote(str(source))} {place}{target}"]
        lines += [f"mount -o remount,bind,ro {place}{target}"]
    lines += [f"mount -o remount,bind,ro {place}"]
    uid, _, gid = container.user.partition(":")
    enter = ["chroot", str(new_root), "setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]
    enter += ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--", "sh", "-c", 'cd "$0" && exec "$@"']
    return "\n".join([*lines, f"exec {shlex.join([*enter, container.folder, *container.command])}"])


class RunningContainer:
    """A started container; a context manager that kills what is left of it. Its output is in `log`."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._work = tempfile.TemporaryDirectory(prefix="sightline-container-")
        self.log = Path(self._work.name) / "log"
        self._groups = control_groups(container, Path(self._work.name).name)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "RunningContainer":
        new_root = Path(self._work.name) / "root"
        new_root.mkdir()
        for group, limits in self._groups.items():
            group.mkdir()
            for file, limit in limits.items():
                (group / file).write_text(str(limit))
        command = ["unshare", "--mount", "--pid", "--ipc", "--uts", "--fork"]
        command += ["sh", "-c", start_script(self._container, new_root, self._groups)]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command, env=dict(self._container.environment), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            # Ending the outer process would not do: the kernel forgets --kill-child when the user changes.
            for child in self._children():
                os.kill(child, signal.SIGKILL)
            self._process.wait(_START_S)
        for group in self._groups:
            _remove_group(group)
        self._work.cleanup()

    @property
    def text(self) -> str:
        """Return what it wrote so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    @property
    def pid(self) -> int:
        """Return the service's process, seen from outside. Raises RuntimeError where it does not start."""
        user = self._container.user.partition(":")[0]
        deadline = time.monotonic() + _START_S
        while self.alive() and time.monotonic() < deadline:
            for child in self._children():
                if kernel_facts(child)["Uid"].split()[0] == user:
                    return child
            time.sleep(0.05)
        raise RuntimeError(f"{self._container.command} did not start: {self.text[-2000:]}")

    def _children(self) -> list[int]:
        assert self._process is not None
        outer = self._process.pid
        return [int(pid) for pid in Path(f"/proc/{outer}/task/{outer}/children").read_text().split()]

    def alive(self) -> bool:
        """Return whether it still runs."""
        return self._process is not None and self._process.poll() is None

    def wait(self, timeout_s: float) -> int:
        """Return the exit status once it ended by itself. Raises TimeoutExpired."""
        assert self._process is not None
        return self._process.wait(timeout_s)

    def stop(self, timeout_s: float) -> int:
        """Ask it to end, as `docker stop` does, and return the exit status. Raises TimeoutExpired."""
        os.kill(self.pid, signal.SIGTERM)
        return self.wait(timeout_s)


def _remove_group(group: Path) -> None:
    """Remove a control group once it is empty: the kernel ends a namespace's processes just after the outer one."""
    deadline = time.monotonic() + _START_S
    while (group / "cgroup.procs").read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    group.rmdir()


def kernel_facts(pid: int) -> Mapping[str, str]:
    """Return what the kernel says of a process: Uid, CapEff, NoNewPrivs and more; `root` has the options of /."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    found = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    for line in Path(f"/proc/{pid}/mountinfo").read_text(encoding="utf-8").splitlines():
        words = line.split()
        if words[4] == "/":
            found["root"] = words[5]
    return found
