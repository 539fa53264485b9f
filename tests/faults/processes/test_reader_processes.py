"""Reading processes: none grows past its share, the camera that made it is found, no file of a folder is imported."""

import itertools
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from domain.cameras import Camera, ConnectionState, SamplingMode, SamplingPlan, StreamStatus
from domain.frames import Frame
from domain.messages import StreamMessage
from ingest.limits import MEGABYTE, Deadlines, ReadingLimits
from ingest.supervise.ipc import ReaderSetup
from ingest.supervise.process_handle import ReaderProcessHandle, safe_environment
from ingest.supervise.reader_process import SupervisorClock
from ingest.supervise.supervisor import IngestSupervisor
from tests.cameras.answering_server import ReceivedRequest, serve_answers
from tests.cameras.films import write_test_film
from tests.cameras.waiting import wait_until

ALL = SamplingPlan(SamplingMode.ALL)
PATIENT = Deadlines(open_s=60.0, video_s=60.0)


class FrameRecorder:
    """A publisher that keeps what it is given."""

    def __init__(self) -> None:
        self.messages: list[StreamMessage] = []

    def publish(self, message: StreamMessage) -> bool:
        self.messages.append(message)
        return True

    def close(self) -> None:
        return

    def frames(self, name: str) -> int:
        return sum(isinstance(m, Frame) and m.ref.stream_id == name for m in list(self.messages))

    def reasons(self, name: str) -> list[tuple[ConnectionState, str]]:
        statuses = [m for m in list(self.messages) if isinstance(m, StreamStatus) and m.stream_id == name]
        return [(status.state, status.reason) for status in statuses]


@contextmanager
def run_supervisor(cameras: list[Camera], setup: ReaderSetup) -> Iterator[tuple[IngestSupervisor, FrameRecorder]]:
    recorder = FrameRecorder()
    supervisor = IngestSupervisor(cameras, recorder, SupervisorClock(), setup=setup)
    supervisor.start()
    try:
        yield supervisor, recorder
    finally:
        supervisor.stop()


def send_endless_picture(asked: ReceivedRequest) -> Iterator[bytes]:
    """Send one picture that never ends: nothing in it looks like an end or another part."""
    yield b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n"
    yield b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: 2000000000\r\n\r\n\xff\xd8\xff\xe0"
    yield from itertools.repeat(random.Random(1).randbytes(MEGABYTE).translate(None, delete=b"\n\xff"))


def test_the_camera_that_takes_too_much_memory_is_found_and_its_neighbours_go_on(tmp_path: Path) -> None:
    path = str(write_test_film(tmp_path / "gate.mp4", frames=3000))
    limits = ReadingLimits(max_picture_bytes=4000 * MEGABYTE, max_memory_bytes=300 * MEGABYTE)
    with serve_answers(send_endless_picture) as camera:
        cameras = [Camera("gate", path, plan=ALL), Camera("yard", path, plan=ALL), Camera("hog", camera.url("http"))]
        with run_supervisor(cameras, ReaderSetup(deadlines=PATIENT, limits=limits)) as (supervisor, recorder):
            wait_until(lambda: any("MB of memory" in reason for _, reason in recorder.reasons("hog")), 60.0)
            sizes = [psutil.Process(pid).memory_info().rss for pid in supervisor.processes()]
            asked = len(camera.asked)
            before = {name: recorder.frames(name) for name in ("gate", "yard")}
            wait_until(lambda: all(recorder.frames(name) > before[name] + 20 for name in before), 60.0)
            assert len(camera.asked) == asked
    told = recorder.reasons("hog")[-1]
    assert told[0] is ConnectionState.LOST
    assert "ingest.max_memory_mb" in told[1]
    assert not any("memory" in reason for name in ("gate", "yard") for _, reason in recorder.reasons(name))
    assert all(size < 600 * MEGABYTE for size in sizes)


def test_a_camera_over_a_limit_is_retried_slowly_and_alone_in_its_trouble(tmp_path: Path) -> None:
    path = str(write_test_film(tmp_path / "gate.mp4", frames=3000))
    limits = ReadingLimits(max_picture_bytes=2 * MEGABYTE)
    with serve_answers(send_endless_picture) as camera:
        cameras = [Camera("gate", path, plan=ALL), Camera("hog", camera.url("http"))]
        with run_supervisor(cameras, ReaderSetup(limits=limits)) as (supervisor, recorder):
            wait_until(lambda: any("without completing" in reason for _, reason in recorder.reasons("hog")), 60.0)
            before = recorder.frames("gate")
            wait_until(lambda: recorder.frames("gate") > before + 100, 60.0)
            assert len(camera.asked) == 1
            assert len(supervisor.processes()) == 1
    assert {state for state, _ in recorder.reasons("gate")} <= {ConnectionState.CONNECTING, ConnectionState.LIVE}


def test_the_kernel_refuses_a_reading_process_what_it_may_not_have() -> None:
    program = (
        "from ingest.supervise.reader_process import bound_memory\n"
        f"bound_memory({64 * MEGABYTE})\n"
        f"try:\n    data = bytearray({512 * MEGABYTE})\n"
        "except MemoryError:\n    print('refused')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "refused\n"


@pytest.fixture
def hostile_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], bool]:
    """Stand in a folder whose files pose as modules; returns whether one of them was imported."""
    mark = tmp_path / "imported"
    for name in ("random", "logging", "socket", "ingest", "av", "site", "sitecustomize", "numpy"):
        (tmp_path / f"{name}.py").write_text(f"open({str(mark)!r}, 'a').write({name!r})\n")
    monkeypatch.chdir(tmp_path)
    return mark.exists


@pytest.mark.parametrize("path", [None, "", ".", os.pathsep, f"{os.pathsep}/nowhere", "./x:."])
def test_no_file_of_the_current_folder_is_imported(
    hostile_folder: Callable[[], bool], monkeypatch: pytest.MonkeyPatch, path: str | None
) -> None:
    if path is None:
        monkeypatch.delenv("PYTHONPATH", raising=False)
    else:
        monkeypatch.setenv("PYTHONPATH", path)
    process = ReaderProcessHandle(ReaderSetup())
    try:
        process.ask_to_end()
        with pytest.raises(EOFError):
            process.connection.recv()
        assert not process.has_failed()
    finally:
        process.kill()
    assert not hostile_folder()


def test_only_whole_paths_are_searched_for_modules() -> None:
    given = {"PYTHONPATH": os.pathsep.join(["", "/opt/x", "relative", "."]), "HOME": "/root"}
    assert safe_environment(given) == {"PYTHONPATH": "/opt/x", "HOME": "/root", "PYTHONSAFEPATH": "1"}
    assert "PYTHONPATH" not in safe_environment({"PYTHONPATH": "."})


def test_no_process_of_the_product_is_started_with_the_current_folder_first() -> None:
    root = Path(__file__).resolve().parents[3]
    folders = ("api", "evaluation", "ingest", "lab", "notification", "simulation", "sightline", "transport", "workers")
    texts = {path: path.read_text() for folder in folders for path in (root / folder).rglob("*.py")}
    started = {path: text for path, text in texts.items() if "sys.executable, " in text or "[python, " in text}
    assert len(started) >= 4
    for path, text in started.items():
        assert 'sys.executable, "-m"' not in text, path
        assert 'sys.executable, "-c"' not in text, path
        assert "[python, str(" not in text, path
