"""Ingest as a whole: what hangs is killed, what crashes is replaced, neighbours go on, and nobody gets two sessions."""

import fcntl
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from domain.cameras import Camera, ConnectionState, FaultSetting, Mask, SamplingMode, SamplingPlan, StreamStatus
from domain.faults import Fault
from domain.frames import Frame
from domain.messages import StreamMessage
from ingest.read.open_stream import Deadlines
from ingest.read.recordings import file_address
from ingest.supervise.ipc import ReaderSetup
from ingest.supervise.reader_process import SupervisorClock
from ingest.supervise.supervisor import IngestSupervisor
from simulation.cameras.scripted_camera import CameraBehaviour, ScriptedCamera, serve_scripted_camera
from simulation.cameras.served_cameras import ServedCamera
from tests.cameras.films import write_test_film
from tests.conftest import Serve

QUICK = ReaderSetup(deadlines=Deadlines(open_s=2.0, video_s=2.0, picture_s=5.0), hang_s=1.0)
OFTEN = SamplingPlan(SamplingMode.ALL)


class MessageRecorder:
    """A publisher that keeps what it is given; refuses frames while `full`."""

    def __init__(self) -> None:
        self.messages: list[StreamMessage] = []
        self.full = False

    def publish(self, message: StreamMessage) -> bool:
        if self.full and isinstance(message, Frame):
            return False
        self.messages.append(message)
        return True

    def close(self) -> None:
        return

    def frames(self, name: str) -> list[Frame]:
        return [m for m in list(self.messages) if isinstance(m, Frame) and m.ref.stream_id == name]

    def statuses(self, name: str) -> list[StreamStatus]:
        return [m for m in list(self.messages) if isinstance(m, StreamStatus) and m.stream_id == name]

    def states(self, name: str) -> list[ConnectionState]:
        return [status.state for status in self.statuses(name)]


def wait_until(claim: Callable[[], object], within_s: float = 30.0) -> None:
    """Wait until the claim holds; fails when it does not in time."""
    end_s = time.monotonic() + within_s
    while not claim():
        if time.monotonic() > end_s:
            pytest.fail("it did not happen in time")
        time.sleep(0.02)


@contextmanager
def run_supervisor(
    cameras: Sequence[Camera], recorder: MessageRecorder, *, setup: ReaderSetup = QUICK, per_process: int = 8
) -> Iterator[IngestSupervisor]:
    supervisor = IngestSupervisor(cameras, recorder, SupervisorClock(), cameras_per_process=per_process, setup=setup)
    supervisor.start()
    try:
        yield supervisor
    finally:
        supervisor.stop()


def process_of(supervisor: IngestSupervisor, name: str) -> int | None:
    return next((pid for pid, names in supervisor.processes().items() if name in names), None)


@pytest.fixture
def gate(tmp_path: Path) -> Camera:
    return Camera("gate", str(write_test_film(tmp_path / "gate.mp4", frames=1200)), plan=OFTEN)


@contextmanager
def hold_lease(path: Path) -> Iterator[None]:
    """Hold a lease on a file (Linux): whoever opens it blocks in the kernel, beyond all timeouts.

    The kernel breaks a lease 45 s after the first asked (`/proc/sys/fs/lease-break-time`).
    """
    before = signal.signal(signal.SIGIO, signal.SIG_IGN)
    try:
        with path.open("r+b") as file:
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
            yield
    finally:
        signal.signal(signal.SIGIO, before)


def test_a_call_that_hangs_is_killed_and_its_neighbour_goes_on(gate: Camera, tmp_path: Path) -> None:
    recorder = MessageRecorder()
    hanging = tmp_path / "hanging.ts"
    hanging.write_bytes(b"G" * 188)
    with hold_lease(hanging), run_supervisor([gate, Camera("hanging", str(hanging))], recorder) as supervisor:
        wait_until(lambda: ConnectionState.LOST in recorder.states("hanging"))
        wait_until(lambda: process_of(supervisor, "hanging") not in (None, process_of(supervisor, "gate")))
        alone = process_of(supervisor, "gate")
        before = len(recorder.frames("gate"))
        lost = recorder.states("hanging").count(ConnectionState.LOST)
        wait_until(lambda: recorder.states("hanging").count(ConnectionState.LOST) > lost + 1)
        wait_until(lambda: len(recorder.frames("gate")) > before)
        assert process_of(supervisor, "gate") == alone
    assert "hung" in recorder.statuses("hanging")[-1].reason


def test_a_crash_of_the_decoder_costs_a_moment_not_the_process(gate: Camera) -> None:
    recorder = MessageRecorder()
    with run_supervisor([gate], recorder) as supervisor:
        wait_until(lambda: recorder.frames("gate"))
        victim = process_of(supervisor, "gate")
        assert victim is not None
        os.kill(victim, signal.SIGSEGV)
        wait_until(lambda: process_of(supervisor, "gate") not in (None, victim))
        sessions = len({frame.ref.session_id for frame in recorder.frames("gate")})
        wait_until(lambda: len({frame.ref.session_id for frame in recorder.frames("gate")}) > sessions)
    assert ConnectionState.LOST in recorder.states("gate")


def test_a_process_that_falls_silent_is_replaced(gate: Camera) -> None:
    recorder = MessageRecorder()
    supervisor = IngestSupervisor([gate], recorder, SupervisorClock(), setup=QUICK, silent_s=3.0)
    supervisor.start()
    try:
        wait_until(lambda: recorder.frames("gate"))
        victim = process_of(supervisor, "gate")
        assert victim is not None
        os.kill(victim, signal.SIGSTOP)
        wait_until(lambda: process_of(supervisor, "gate") not in (None, victim))
        assert not psutil.pid_exists(victim)
    finally:
        supervisor.stop()


def test_a_process_that_still_starts_is_not_silent(gate: Camera) -> None:
    recorder = MessageRecorder()
    supervisor = IngestSupervisor([gate], recorder, SupervisorClock(), setup=QUICK, silent_s=0.05)
    supervisor.start()
    try:
        wait_until(lambda: recorder.statuses("gate"))
    finally:
        supervisor.stop()


def test_reading_ends_with_its_supervisor_even_when_that_is_killed(tmp_path: Path) -> None:
    path = write_test_film(tmp_path / "gate.mp4", frames=600)
    program = (
        "import sys, time\n"
        "from domain.cameras import Camera\n"
        "from ingest.supervise.reader_process import SupervisorClock\n"
        "from ingest.supervise.supervisor import IngestSupervisor\n"
        "class Publisher:\n"
        "    def publish(self, message):\n"
        "        print(*supervisor.processes(), flush=True)\n"
        "        return True\n"
        f"supervisor = IngestSupervisor([Camera('gate', {str(path)!r})], Publisher(), SupervisorClock())\n"
        "supervisor.start()\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_until(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE, 10.0)


def test_no_password_is_in_a_command_line(gate: Camera) -> None:
    with serve_scripted_camera(ScriptedCamera(CameraBehaviour.REFUSES)) as camera:
        secret = Camera("secret", camera.url.replace("//", "//guard:hush-hush@"))
        recorder = MessageRecorder()
        with run_supervisor([gate, secret], recorder) as supervisor:
            wait_until(lambda: ConnectionState.REFUSED in recorder.states("secret"))
            lines = [" ".join(psutil.Process(pid).cmdline()) for pid in supervisor.processes()]
            environments = [str(psutil.Process(pid).environ()) for pid in supervisor.processes()]
    assert lines
    assert not any("hush" in text for text in (*lines, *environments))
    assert not any("hush" in status.reason for status in recorder.statuses("secret"))


def test_cameras_come_and_go_while_the_others_are_read_on(gate: Camera, tmp_path: Path) -> None:
    yard = Camera("yard", str(write_test_film(tmp_path / "yard.mp4", frames=600)), plan=OFTEN)
    recorder = MessageRecorder()
    with run_supervisor([gate], recorder) as supervisor:
        wait_until(lambda: recorder.frames("gate"))
        supervisor.update([gate, yard])
        wait_until(lambda: recorder.frames("yard"))
        supervisor.update([gate])
        wait_until(lambda: process_of(supervisor, "yard") is None)
        before = len(recorder.frames("gate"))
        wait_until(lambda: len(recorder.frames("gate")) > before + 5)
    assert len({frame.ref.session_id for frame in recorder.frames("gate")}) == 1


def last_missing(recorder: MessageRecorder) -> Collection[str]:
    """Return the metrics that the last picture of the gate had no number for."""
    measured = recorder.frames("gate")[-1].measured
    return () if measured is None else measured.missing


def test_masks_and_muted_faults_change_without_a_new_session(gate: Camera) -> None:
    recorder = MessageRecorder()
    with run_supervisor([gate], recorder) as supervisor:
        wait_until(lambda: recorder.frames("gate"))
        muted = replace(gate, site="North", faults={Fault.NOISE: FaultSetting(enabled=False)}, ptz=True)
        supervisor.update([muted])
        supervisor.update([replace(muted, masks=(Mask(0, 0, 1, 1),))])
        # A picture that is masked as a whole has no luma to measure.
        wait_until(lambda: "luma_mean" in last_missing(recorder))
        sessions = {frame.ref.session_id for frame in recorder.frames("gate")}
        assert len(sessions) == 1
        assert recorder.statuses("gate")[-1].counters.reconnects == 0
        supervisor.update([replace(muted, plan=SamplingPlan(SamplingMode.ALL, interval_s=2.0))])
        wait_until(lambda: {frame.ref.session_id for frame in recorder.frames("gate")} - sessions)


def test_every_offered_frame_is_published_or_counted_as_dropped(gate: Camera) -> None:
    recorder = MessageRecorder()
    with run_supervisor([gate], recorder):
        wait_until(lambda: len(recorder.frames("gate")) >= 5)
        recorder.full = True
        wait_until(lambda: recorder.statuses("gate")[-1].counters.frames_dropped >= 5)
        recorder.full = False
        before = len(recorder.frames("gate"))
        wait_until(lambda: len(recorder.frames("gate")) >= before + 5)
        after = len(recorder.statuses("gate"))
        wait_until(lambda: len(recorder.statuses("gate")) > after)
    messages = recorder.messages
    last = max(index for index, message in enumerate(messages) if isinstance(message, StreamStatus))
    status = messages[last]
    assert isinstance(status, StreamStatus)
    published = sum(isinstance(message, Frame) for message in messages[:last])
    # The frame that the reader was about to hand over when it told may be counted already.
    assert status.counters.frames_offered - (published + status.counters.frames_dropped) in (0, 1)


def test_statuses_come_every_two_seconds_and_time_never_runs_back(gate: Camera) -> None:
    recorder = MessageRecorder()
    with run_supervisor([gate], recorder):
        wait_until(lambda: len(recorder.statuses("gate")) >= 5)
    live = [s.received_at for s in recorder.statuses("gate") if s.state is ConnectionState.LIVE]
    # The last one closes the books when reading is stopped, whenever that is.
    gaps = [(b - a).total_seconds() for a, b in itertools.pairwise(live[:-1])]
    assert all(1.5 <= gap <= 4.0 for gap in gaps)
    times = [m.received_at if isinstance(m, StreamStatus) else m.ref.received_at for m in recorder.messages]
    assert times == sorted(times)
    assert all(at.tzinfo is UTC for at in times)
    assert times[-1] <= datetime.now(UTC)


@pytest.mark.rtsp
def test_a_recorder_that_allows_two_sessions_is_never_the_one_refused(serve: Serve, tmp_path: Path) -> None:
    path = write_test_film(tmp_path / "film.mp4", frames=100)
    server = serve(ServedCamera("recorder", (path,), session_limit=1))
    camera = Camera("recorder", server.url("recorder"), plan=OFTEN)
    recorder = MessageRecorder()
    with run_supervisor([camera], recorder) as supervisor:
        for interval_s in (1.0, 2.0, 3.0):
            sessions = {frame.ref.session_id for frame in recorder.frames("recorder")}
            changed = Camera(
                "recorder",
                camera.url,
                plan=SamplingPlan(SamplingMode.ALL, interval_s=interval_s),
                group=str(interval_s),
            )
            supervisor.update([changed])
            wait_until(lambda seen=sessions: {f.ref.session_id for f in recorder.frames("recorder")} - seen)  # type: ignore[misc]
    seen = server.sessions("recorder")
    assert (seen.peak, seen.refused) == (1, 0)


@pytest.mark.rtsp
def test_a_pulled_camera_is_lost_and_comes_back(serve: Serve, tmp_path: Path) -> None:
    server = serve(ServedCamera("yard", (write_test_film(tmp_path / "film.mp4", frames=100),)))
    recorder = MessageRecorder()
    with run_supervisor([Camera("yard", server.url("yard"))], recorder):
        wait_until(lambda: ConnectionState.LIVE in recorder.states("yard"))
        server.pull("yard")
        wait_until(lambda: recorder.states("yard")[-1] is ConnectionState.LOST)
        server.restore("yard")
        wait_until(lambda: recorder.states("yard")[-1] is ConnectionState.LIVE)
    assert recorder.statuses("yard")[-1].counters.reconnects >= 1


@pytest.mark.rtsp
def test_a_silent_camera_is_stalled_not_lost(serve: Serve, tmp_path: Path) -> None:
    server = serve(ServedCamera("yard", (write_test_film(tmp_path / "film.mp4", frames=100),)))
    recorder = MessageRecorder()
    patient = ReaderSetup(deadlines=Deadlines(open_s=9.0, video_s=9.0, picture_s=20.0))
    with run_supervisor([Camera("yard", server.url("yard"))], recorder, setup=patient):
        wait_until(lambda: ConnectionState.LIVE in recorder.states("yard"))
        server.silence("yard")
        wait_until(lambda: recorder.states("yard")[-1] is ConnectionState.STALLED)
        assert "no video" in recorder.statuses("yard")[-1].reason
        server.silence("yard", False)
        wait_until(lambda: recorder.states("yard")[-1] is ConnectionState.LIVE)


@pytest.mark.rtsp
def test_a_patrol_leaves_between_visits(serve: Serve, tmp_path: Path) -> None:
    server = serve(ServedCamera("yard", (write_test_film(tmp_path / "film.mp4", frames=100),)))
    plan = SamplingPlan(SamplingMode.PATROL, judge_s=1.5, every_s=3.0)
    recorder = MessageRecorder()
    with run_supervisor([Camera("yard", server.url("yard"), plan=plan)], recorder):
        wait_until(lambda: ConnectionState.RESTING in recorder.states("yard"))
        wait_until(lambda: server.sessions("yard").now == 0)
        wait_until(lambda: len({frame.ref.session_id for frame in recorder.frames("yard")}) >= 2)
    assert ConnectionState.LOST not in recorder.states("yard")


def test_a_recording_that_ends_is_said_to_have_ended_and_is_no_lost_connection(tmp_path: Path) -> None:
    path = write_test_film(tmp_path / "gate:7 100%.mp4", frames=10, fps=10)
    recorder = MessageRecorder()
    with run_supervisor([Camera("yard", file_address(path))], recorder):
        wait_until(lambda: len({frame.ref.session_id for frame in recorder.frames("yard")}) >= 2)
    ended = [status.reason for status in recorder.statuses("yard") if status.state is ConnectionState.RESTING]
    assert set(ended) == {"the recording ended"}
    assert ConnectionState.LOST not in recorder.states("yard")


def test_a_named_pipe_for_a_camera_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    recorder = MessageRecorder()
    cameras = [
        Camera("pipe", file_address(tmp_path / "pipe")),
        Camera("yard", str(write_test_film(tmp_path / "film.mp4"))),
    ]
    with run_supervisor(cameras, recorder):
        wait_until(lambda: recorder.frames("yard") and ConnectionState.LOST in recorder.states("pipe"))
    assert "named pipe" in recorder.statuses("pipe")[-1].reason
