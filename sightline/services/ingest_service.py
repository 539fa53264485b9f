"""Keeps ingest reading the cameras the store knows, however they were added."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from json import dumps
from typing import ClassVar

from domain.camera_changes import BY_SETTINGS, values_of
from domain.camera_directory import CameraDirectory
from domain.cameras import Camera
from domain.errors import StoreUnavailable
from domain.ports import Clock, LiveState, StreamStore
from ingest.supervise.supervisor import IngestSupervisor
from sightline.runtime.components import PeriodicThread
from sightline.runtime.logging_setup import Redactor

CHECK_EVERY_S = 2.0
VIEWERS_EVERY_S = 0.5
MODELS_EVERY_S = 5.0


class IngestService:
    """The supervisor of all readers as a part of the system."""

    name = "ingest"

    def __init__(
        self,
        supervisor: IngestSupervisor,
        directory: CameraDirectory,
        redactor: Redactor | None = None,
        live: LiveState | None = None,
    ) -> None:
        """`supervisor` reads the cameras of `directory` as they are now.

        `live` says which cameras somebody views; their pictures are sent.
        """
        self._supervisor = supervisor
        self._directory = directory
        self._redactor = redactor
        self._watch = PeriodicThread("ingest-cameras", CHECK_EVERY_S, self.follow)
        self._viewers = ViewerWatch(supervisor, live)

    def start(self) -> None:
        self._hide_passwords()
        self._supervisor.start()
        self._watch.start()
        self._viewers.start()

    def stop(self, timeout_s: float) -> None:
        self._viewers.stop(timeout_s)
        self._watch.stop(timeout_s)
        self._supervisor.stop()

    def health(self) -> str:
        return self._watch.health()

    def follow(self) -> None:
        """Hand over the cameras again if any changed."""
        if self._directory.refresh():
            self._hide_passwords()
            self._supervisor.update(tuple(self._directory.cameras.values()))

    def _hide_passwords(self) -> None:
        if self._redactor is not None:
            self._redactor.learn_cameras(self._directory.cameras.values())


class _LiveStateWatch(ABC):
    """Asks the live state from time to time and tells the supervisor; without a live state nothing runs."""

    name: ClassVar[str]
    every_s: ClassVar[float]

    def __init__(self, supervisor: IngestSupervisor, live: LiveState | None) -> None:
        self._supervisor = supervisor
        self._live = live
        self._thread = PeriodicThread(self.name, self.every_s, self.follow)

    def start(self) -> None:
        if self._live is not None:
            self._thread.start()

    def stop(self, timeout_s: float) -> None:
        if self._live is not None:
            self._thread.stop(timeout_s)

    @abstractmethod
    def follow(self) -> None:
        """Ask once."""


class ViewerWatch(_LiveStateWatch):
    """Has the pictures of those cameras sent that somebody views."""

    name, every_s = "ingest-viewers", VIEWERS_EVERY_S

    def follow(self) -> None:
        """Ask once which cameras are viewed; while the live state is unavailable nobody can view any."""
        try:
            self._supervisor.show(() if self._live is None else self._live.wanted_pictures())
        except StoreUnavailable:
            self._supervisor.show(())


class ModelWatch(_LiveStateWatch):
    """Has pictures travel for those models alone that a worker elsewhere has."""

    name, every_s = "ingest-models", MODELS_EVERY_S

    def start(self) -> None:
        if self._live is not None:
            self.follow()
        super().start()

    def follow(self) -> None:
        """Ask once; while no worker is heard every wanted model gets its pictures, for one may have them."""
        try:
            self._supervisor.keep_to_models(None if self._live is None else self._live.announced_models())
        except StoreUnavailable:
            self._supervisor.keep_to_models(None)


def register_cameras(cameras: Sequence[Camera], store: StreamStore, clock: Clock) -> tuple[str, ...]:
    """Store each camera whose entry in the settings file is new or has changed; return the names stored.

    Whoever changed a camera last wins: what was edited or removed on the page, or by a command, stays so until its
    entry in the file changes. What an operator accepted stays accepted.
    """
    changed = []
    known = {camera.name: camera for camera in store.cameras()}
    digests = store.settings_digests()
    for camera in cameras:
        digest = settings_digest(camera)
        if digests.get(camera.name) == digest:
            continue
        before = known.get(camera.name)
        wanted = camera
        if before is not None:
            wanted = replace(camera, accepted_at=before.accepted_at, accepted_by=before.accepted_by)
            wanted = replace(wanted, device=camera.device or before.device)
        if wanted != before:
            store.put_camera(wanted, by=BY_SETTINGS, at=clock.now())
            changed.append(camera.name)
        store.note_settings(camera.name, digest)
    return tuple(changed)


def settings_digest(camera: Camera) -> str:
    """Return what tells one entry of the settings file from another; it lies only where the address itself does.

    Values that nobody chose are left out, so that a version with more of them finds the same entries.
    """
    usual = values_of(Camera(camera.name, camera.url))
    chosen = {key: value for key, value in values_of(camera).items() if value != usual[key]}
    return sha256(dumps([camera.url, chosen], sort_keys=True).encode()).hexdigest()
