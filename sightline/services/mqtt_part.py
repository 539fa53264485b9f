"""The part that keeps a broker's topics as the page shows the cameras."""

from api.camera_status import CameraState, derive_camera_status
from domain.camera_directory import CameraDirectory
from domain.ports import Clock, LiveState, StreamStore
from notification.home_assistant import PublishedCamera
from notification.notifiers.mqtt import MqttMirror
from sightline.runtime.components import PeriodicThread

EVERY_S = 1.0


class MqttPart:
    """A `Component` around one mirror."""

    def __init__(self, mirror: MqttMirror) -> None:
        self.name = f"mqtt {mirror.name}"
        self._mirror = mirror
        self._thread = PeriodicThread(self.name, EVERY_S, mirror.run_once)

    def start(self) -> None:
        self._mirror.start()
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        self._thread.stop(timeout_s)
        self._mirror.close()

    def health(self) -> str:
        # Without the broker this process still judges cameras, and other receivers get their messages.
        return self._thread.health()


class CameraStatusReader:
    """Reads the present status of every camera, as the page shows it."""

    def __init__(self, streams: StreamStore, live: LiveState, clock: Clock) -> None:
        self._directory = CameraDirectory(streams)
        self._live = live
        self._clock = clock

    def read(self) -> list[PublishedCamera]:
        """Raise `StoreUnavailable` where the database or the live state is unavailable."""
        self._directory.refresh()
        now, snapshots = self._clock.now(), self._live.all()
        found = []
        for camera in self._directory.cameras.values():
            status = derive_camera_status(camera, snapshots.get(camera.name), now)
            unknown = status.state in (CameraState.UNKNOWN, CameraState.OFF)
            found.append(
                PublishedCamera(
                    name=camera.name,
                    site=camera.site,
                    group=camera.group,
                    state=None if unknown else status.state.value,
                    reason=status.reason,
                    fault=status.headline.value if status.headline is not None else "",
                    severity=status.severity,
                    since=status.since,
                )
            )
        return found
