"""Many cameras, many processes, one order: starts the reading processes, passes on what they read, replaces what hangs.

One thread does it all, so that messages leave in the order they came and nothing here needs a lock but the list of
cameras.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from multiprocessing.connection import wait

from domain.cameras import Camera, StreamStatus
from domain.clocks import elapsed_s
from domain.errors import FrameRejected, StoreUnavailable
from domain.frames import Frame
from domain.ports import Clock, StreamPublisher
from ingest.limits import MEGABYTE
from ingest.supervise.backoff import Attempts, after_excess, after_failure
from ingest.supervise.camera_counters import CameraCounters
from ingest.supervise.ipc import (
    ReaderSetup,
    ReaderStuck,
    SetClock,
    SetMasks,
    SetModels,
    SetViewed,
    StartCamera,
    StopCamera,
)
from ingest.supervise.placement import Placement, is_read_otherwise, place_cameras
from ingest.supervise.process_handle import ReaderProcessHandle
from ingest.supervise.process_load import ProcessLoads

WAIT_S = 0.2
CLOCK_S = 0.05
"""Reading processes get the time again when it has moved by more than this against the machine's uptime."""
SILENT_S = 15.0
STOP_S = 6.0
RESTART_RESET_S = 60.0
MEMORY_CHECK_S = 0.2
LOAD_CHECK_S = 5.0
BackoffRule = Callable[[Attempts, float], tuple[Attempts, float]]

_log = logging.getLogger(__name__)


class IngestSupervisor:
    """Reads cameras until stopped; `update` changes which. The publisher is used by one thread only."""

    def __init__(
        self,
        cameras: Iterable[Camera],
        publisher: StreamPublisher,
        clock: Clock,
        *,
        cameras_per_process: int = 8,
        setup: ReaderSetup | None = None,
        silent_s: float = SILENT_S,
    ) -> None:
        self._publisher = publisher
        self._clock = clock
        self._per_process = cameras_per_process
        self._setup = setup or ReaderSetup()
        self._silent_s = silent_s
        self._lock = threading.Lock()
        self._wanted = _map_by_name(cameras)
        self._reading: dict[str, Camera] = {}
        self._placement: Placement = {}
        self._alone: set[str] = set()
        self._suspects: set[str] = set()
        self._processes: dict[int, ReaderProcessHandle] = {}
        self._camera_counters: dict[str, CameraCounters] = {}
        self._restarts: dict[str, tuple[Attempts, float]] = {}
        self._viewed: frozenset[str] = frozenset()
        self._viewed_told: frozenset[str] = frozenset()
        self._models: frozenset[str] | None = None
        self._models_told: frozenset[str] | None = None
        self._looked_s = 0.0
        self._loads = ProcessLoads()
        self._load_read_s = 0.0
        self._began_at_s = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ingest", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def update(self, cameras: Iterable[Camera]) -> None:
        """Read these cameras from now on; one that is read already connects again only where its reading changed.

        That is its address, transport or plan. Other masks reach its reader without a new session.
        """
        with self._lock:
            self._wanted = _map_by_name(cameras)

    def show(self, cameras: Iterable[str]) -> None:
        """From now on send the pictures of these cameras, and those that models judge; no others."""
        with self._lock:
            self._viewed = frozenset(cameras)

    def keep_to_models(self, names: frozenset[str] | None) -> None:
        """Have pictures travel for those models alone that workers have, for None for every wanted one."""
        with self._lock:
            self._models = names

    def stop(self) -> None:
        """End every session and process; what they had read is published first."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S + SILENT_S)

    def processes(self) -> Placement:
        """Return which cameras are read by which process id."""
        placement = self._placement
        return {process.pid: placement.get(n, frozenset()) for n, process in list(self._processes.items())}

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._round()
        finally:
            self._shut_down()

    def _round(self) -> None:
        try:
            self._send_time()
            self._send_viewed()
            self._apply_camera_list()
            self._pump(WAIT_S)
            self._replace_silent()
            self._watch_memory()
            self._watch_load()
        except Exception:  # noqa: BLE001 - the outermost guard of ingest
            # A process that cannot be started now must not end all reading.
            _log.exception("ingest goes on after an internal error")
            self._stop.wait(1.0)

    def _send_time(self) -> None:
        began_at_s = self._clock.now().timestamp() - elapsed_s()
        if abs(began_at_s - self._began_at_s) > CLOCK_S:
            self._began_at_s = began_at_s
            for process in self._processes.values():
                process.tell(SetClock(began_at_s))

    def _send_viewed(self) -> None:
        with self._lock:
            viewed, models = self._viewed, self._models
        if viewed != self._viewed_told:
            self._viewed_told = viewed
            for process in self._processes.values():
                process.tell(SetViewed(viewed))
        if models != self._models_told:
            self._models_told = models
            for process in self._processes.values():
                process.tell(SetModels(models))

    def _apply_camera_list(self) -> None:
        with self._lock:
            wanted = dict(self._wanted)
        now_s = time.monotonic()
        held_back = {n for n, (_, until_s) in self._restarts.items() if until_s > now_s and n not in self._reading}
        known = {n: camera for n, camera in wanted.items() if n in self._reading and self._reading[n] != camera}
        changed = {n for n, camera in known.items() if is_read_otherwise(self._reading[n], camera)}
        self._keep_session({n: camera for n, camera in known.items() if n not in changed})
        ready = {name: camera for name, camera in wanted.items() if name not in held_back}
        if ready.keys() == self._reading.keys() and not changed:
            return
        placement = place_cameras(
            self._placement,
            ready.keys(),
            (self._alone | self._suspects) & wanted.keys(),
            self._per_process,
            self._loads.shares(),
        )
        for number, process in self._processes.items():
            for name in self._placement.get(number, frozenset()) - placement.get(number, frozenset()):
                process.tell(StopCamera(name))
        for number, names in placement.items():
            new = names - self._placement.get(number, frozenset())
            self._start(number, {name: ready[name] for name in sorted(new | (names & changed))})
        self._placement, self._reading = placement, ready
        for name in self._camera_counters.keys() - wanted.keys():
            del self._camera_counters[name]
        for number in self._processes.keys() - placement.keys():
            self._processes.pop(number).end()

    def _keep_session(self, cameras: dict[str, Camera]) -> None:
        """Note cameras whose reading goes on, and hand their masks to whoever measures their pictures."""
        place = {name: number for number, names in self._placement.items() for name in names}
        for name, camera in cameras.items():
            if camera.masks != self._reading[name].masks:
                self._processes[place[name]].tell(SetMasks(name, camera.masks))
            self._reading[name] = camera

    def _start(self, number: int, cameras: dict[str, Camera]) -> None:
        if not cameras:
            return
        process = self._processes.get(number)
        if process is None:
            process = self._processes[number] = ReaderProcessHandle(self._setup)
            process.tell(SetClock(self._began_at_s))
            process.tell(SetViewed(self._viewed_told))
            process.tell(SetModels(self._models_told))
        for name, camera in cameras.items():
            counters = self._camera_counters.setdefault(name, CameraCounters())
            process.tell(StartCamera(camera, counters.handover()))

    def _pump(self, timeout_s: float) -> None:
        """Publish what came from each process, in order, one round."""
        if not self._processes:
            self._stop.wait(timeout_s)
            return
        began_s = time.monotonic()
        ready = wait([process.connection for process in self._processes.values()], timeout_s)
        waited_s = time.monotonic() - began_s
        for number, process in list(self._processes.items()):
            # Only waiting counts: a publisher that blocks us says nothing of the process.
            if process.connection not in ready:
                process.silent_s += waited_s
                continue
            process.silent_s = 0.0
            try:
                message = process.connection.recv()
            except (EOFError, OSError):
                self._replace_dead(number)
            else:
                process.has_spoken = True
                self._take(number, message)

    def _take(self, number: int, message: Frame | StreamStatus | ReaderStuck) -> None:
        if isinstance(message, ReaderStuck):
            self._replace_hung(number, message.camera)
        elif isinstance(message, Frame):
            self._publish_frame(message)
        else:
            counters = self._camera_counters.get(message.stream_id)
            if counters is not None:
                self._publish(counters.status_to_send(message))

    def _publish_frame(self, frame: Frame) -> None:
        counters = self._camera_counters.get(frame.ref.stream_id)
        if counters is None:
            return
        counters.frame(frame)
        if not self._publish(frame):
            counters.refused += 1

    def _publish(self, message: Frame | StreamStatus) -> bool:
        try:
            return self._publisher.publish(message)
        except FrameRejected as error:
            _log.warning("a frame cannot travel: %s", error)
        except StoreUnavailable as error:
            _log.warning("the transport is unavailable: %s", error)
        return False

    def _replace_hung(self, number: int, camera: str) -> None:
        _log.warning("camera %s: reading hangs; its process is replaced and it gets one of its own", camera)
        self._alone.add(camera)
        self._replace(number, {camera}, "reading this camera hung; its reader was restarted")

    def _replace_dead(self, number: int) -> None:
        """A process ended that was not asked to. Killed from outside it says nothing of its cameras; a crash is one of
        theirs.
        """
        names = self._placement.get(number, frozenset())
        if self._processes[number].has_crashed():
            _log.warning("a reading process crashed; each of its %d cameras gets one of its own", len(names))
            self._alone |= names
        self._replace(number, set(names), "reading was interrupted; the reader was restarted")

    def _replace_silent(self) -> None:
        for number, process in list(self._processes.items()):
            if process.is_silent(self._silent_s):
                _log.warning("a reading process is silent for %.0f s and is replaced", process.silent_s)
                names = self._placement.get(number, frozenset())
                self._alone |= names if len(names) > 1 else frozenset()
                self._replace(number, set(names), "the reader of this camera stopped answering and was restarted")

    def _watch_memory(self) -> None:
        """Replace a process that holds more memory than its share; the camera that needs it is found by itself.

        Which of several cameras it was cannot be seen from here: each gets a process of its own until one is over.
        """
        now_s = time.monotonic()
        if now_s - self._looked_s < MEMORY_CHECK_S:
            return
        self._looked_s = now_s
        most = self._setup.limits.max_memory_bytes
        for number, process in list(self._processes.items()):
            if process.resident_bytes() > most:
                self._over_share(number, most)

    def _watch_load(self) -> None:
        now_s = time.monotonic()
        if now_s - self._load_read_s >= LOAD_CHECK_S:
            self._load_read_s = now_s
            self._loads.note({number: process.cpu_s() for number, process in self._processes.items()}, now_s)

    def _over_share(self, number: int, most: int) -> None:
        names = self._placement.get(number, frozenset())
        _log.warning(
            "a reading process took more than %d MB and is replaced; cameras: %d", most // MEGABYTE, len(names)
        )
        if len(names) > 1:
            self._suspects |= names
            self._replace(number, set(), "")
            return
        self._alone |= names
        self._suspects.clear()
        reason = (
            f"this camera's stream took more than {most // MEGABYTE} MB of memory, so its reader was stopped and is "
            "tried again slowly: choose a smaller resolution in the camera, or raise ingest.max_memory_mb"
        )
        self._replace(number, set(names), reason, slowly=True)

    def _replace(self, number: int, offenders: set[str], reason: str, *, slowly: bool = False) -> None:
        """Kill a process; its cameras start elsewhere at once, the offenders after a pause that grows."""
        names = self._placement.get(number, frozenset())
        self._processes.pop(number).kill()
        now_s = time.monotonic()
        for name in sorted(names):
            self._reading.pop(name, None)
            if name in offenders:
                self._hold_back(name, now_s, after_excess if slowly else after_failure)
            counters = self._camera_counters.get(name)
            if counters is not None:
                counters.count_lost()
                status = counters.make_lost_status(self._clock.now(), reason) if name in offenders else None
                if status is not None:
                    self._publish(status)
        self._placement = {other: cameras for other, cameras in self._placement.items() if other != number}

    def _hold_back(self, name: str, now_s: float, pause: BackoffRule) -> None:
        attempts, until_s = self._restarts.get(name, (Attempts(), 0.0))
        if now_s - until_s > RESTART_RESET_S:
            attempts = Attempts()
        attempts, wait_s = pause(attempts, 0.0)
        self._restarts[name] = (attempts, now_s + wait_s)

    def _shut_down(self) -> None:
        for process in self._processes.values():
            process.ask_to_end()
        until_s = time.monotonic() + STOP_S
        while self._processes and time.monotonic() < until_s:
            self._drain()
        for process in self._processes.values():
            process.kill()
        self._processes.clear()

    def _drain(self) -> None:
        """Publish what ending processes still say; each is done when its socket ends."""
        ready = wait([process.connection for process in self._processes.values()], WAIT_S)
        for number, process in list(self._processes.items()):
            if process.connection not in ready:
                continue
            try:
                message = process.connection.recv()
            except (EOFError, OSError):
                self._processes.pop(number).kill()
                continue
            if not isinstance(message, ReaderStuck):
                self._take(number, message)


def _map_by_name(cameras: Iterable[Camera]) -> dict[str, Camera]:
    return {camera.name: camera for camera in cameras if camera.enabled}
