"""Brings the cameras of a settings file into the store. The file is right about what it names, and silent on others."""

from collections.abc import Sequence
from dataclasses import replace

from domain.ports import Clock, StreamStore
from domain.streams import Camera

BY_SETTINGS = "settings file"


def register(cameras: Sequence[Camera], store: StreamStore, clock: Clock) -> tuple[str, ...]:
    """Store each camera that is new or differs; return their names. What an operator accepted stays accepted."""
    changed = []
    known = {camera.name: camera for camera in store.cameras()}
    for camera in cameras:
        before = known.get(camera.name)
        wanted = camera
        if before is not None:
            wanted = replace(camera, accepted_at=before.accepted_at, accepted_by=before.accepted_by)
        if wanted != before:
            store.put_camera(wanted, by=BY_SETTINGS, at=clock.now())
            changed.append(camera.name)
    return tuple(changed)
