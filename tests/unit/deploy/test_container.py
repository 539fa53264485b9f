"""What `deploy/container.py` says it enforces, it enforces; tried on this machine's own files."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from deploy.container import Container, RunningContainer, control_groups, kernel_facts, start_script
from tests.conftest import absent

NOBODY = "65534:65534"


@pytest.fixture(autouse=True)
def _privileged() -> None:
    """Namespaces and mounts need root on Linux."""
    if os.name != "posix" or os.geteuid() != 0 or not all(shutil.which(each) for each in ("unshare", "setpriv")):
        absent("containers are tried as root on Linux, with unshare and setpriv")


def shell(line: str, *, tmpfs: Sequence[str] = ("/tmp:size=1m",), mounts: Path | None = None) -> Container:
    """Return a container of this machine's own files that runs a line of shell."""
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "WORD": "given"}
    given = {"/etc/hostname": mounts} if mounts else {}
    return Container(Path("/"), ("sh", "-c", line), NOBODY, environment, "/", tuple(tmpfs), given)


def read_output(container: Container) -> str:
    """Run it to its end and return what it wrote."""
    with RunningContainer(container) as running:
        running.wait(60)
        return running.text


def test_it_is_the_user_without_capabilities_on_a_read_only_root() -> None:
    with RunningContainer(shell("echo ready; exec sleep 60")) as running:
        found = kernel_facts(running.pid)

    assert set(found["Uid"].split()) == {"65534"}
    assert set(found["Gid"].split()) == {"65534"}
    assert {found[each] for each in ("CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb")} == {"0" * 16}
    assert found["NoNewPrivs"] == "1"
    assert "ro" in found["root"].split(",")


def test_only_the_folders_in_memory_can_be_written_and_only_so_far() -> None:
    text = read_output(
        shell("cd /var/tmp; echo x >y; echo x >/tmp/y && cat /tmp/y; head -c 2000000 /dev/zero >/tmp/z; ls /dev")
    )

    assert "cannot create y: Read-only file system" in text
    assert "\nx\n" in text
    assert "No space left on device" in text
    assert text.split()[-6:] == ["full", "null", "random", "shm", "urandom", "zero"]


def test_it_sees_its_own_processes_and_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTLINE_CANARY", "of the caller")

    text = read_output(shell("echo pid $$; env"))

    assert "pid 1\n" in text
    assert "WORD=given" in text
    assert "CANARY" not in text


def test_a_mounted_file_is_read_and_not_written(tmp_path: Path) -> None:
    file = tmp_path / "settings"
    file.write_text("as given\n")
    file.chmod(0o666)

    text = read_output(shell("cat /etc/hostname; echo other >/etc/hostname", mounts=file))

    assert text.startswith("as given\n")
    assert "Read-only file system" in text
    assert file.read_text() == "as given\n"


def test_memory_and_processes_are_limited_where_control_groups_can_be_made() -> None:
    many = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 30 & done; echo all started"
    container = shell(many)
    limited = Container(
        container.root,
        container.command,
        NOBODY,
        container.environment,
        "/",
        container.tmpfs,
        memory_bytes=64 << 20,
        pids=6,
    )
    if len(control_groups(limited, "probe")) < 1:
        absent("this machine lets nobody make control groups")

    assert "all started" in read_output(container)
    text = read_output(limited)
    assert "all started" not in text
    assert "fork" in text


def test_it_ends_as_it_would_by_docker_stop() -> None:
    with RunningContainer(
        shell("trap 'echo in order; exit 3' TERM; echo ready; while :; do sleep 0.1; done")
    ) as running:
        while "ready" not in running.text:
            assert running.alive()
        status = running.stop(30)

        assert status == 3
        assert "in order" in running.text


def test_what_is_left_is_killed_with_its_control_groups() -> None:
    container = shell("trap '' TERM; exec sleep 600")
    limited = Container(container.root, container.command, NOBODY, container.environment, "/", pids=64)
    with RunningContainer(limited) as running:
        pid = running.pid
        groups = control_groups(limited, running.log.parent.name)
        assert all(path.is_dir() for path in groups)

    assert not Path(f"/proc/{pid}").exists()
    assert not [path for path in groups if path.exists()]


def test_no_secret_is_in_the_words_that_start_it() -> None:
    container = Container(Path("/"), ("true",), NOBODY, {"PATH": "/bin", "TOKEN": "canary"}, "/")

    assert "canary" not in start_script(container, Path("/new"))
    assert "canary" not in repr(container)
