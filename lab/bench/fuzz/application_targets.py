"""Doors that only the composition root can open: settings, lists of cameras, the API on a store."""

import tempfile
from pathlib import Path

from domain.cameras import Camera
from lab.bench.fuzz.api_target import open_entry_point
from lab.bench.fuzz.target import EntryPoint
from sightline.config.camera_csv import read_cameras
from sightline.config.settings import Settings
from sightline.config.settings_loading import load_settings

TOKEN = "fuzz-0123456789abcdef"  # of the API in this process alone

_SETTINGS = b"""
database: sqlite:///sightline.db
api: {host: 127.0.0.1, port: 8642, token: "0123456789abcdef0123"}
plan: {mode: auto, interval_s: 1.0}
retention: {raw_days: 7, minutes_days: 30, hours_days: 90, days_days: 400}
cameras:
  - name: gate
    url: "rtsp://user:secret@192.0.2.10/stream"
    site: north
    group: switch-1
    masks: [{left: 0.1, top: 0.1, width: 0.2, height: 0.2}]
    faults: {blur: {sensitivity: 7}}
  - {name: yard, url: "rtsp://192.0.2.11/stream"}
notifiers:
  webhooks: [{url: "https://example.test/hook", secret: "0123456789abcdef"}]
"""
_CAMERAS = (
    b"name,url,site,group\ngate,rtsp://user:secret@192.0.2.10/stream,north,switch-1\nyard,rtsp://192.0.2.11/s,,\n",
    b'\xef\xbb\xbfname;url;site\n"gate 1";"rtsp://192.0.2.10/a,b";"north"\n',
)


def open_settings() -> EntryPoint:
    """A settings file."""
    folder = tempfile.TemporaryDirectory(prefix="sightline-fuzz-")
    path = Path(folder.name) / "sightline.yaml"

    def feed(data: bytes) -> None:
        path.write_bytes(data)
        load_settings(path)

    feed(_SETTINGS)  # the start itself must be right, or damage leads nowhere
    return EntryPoint([_SETTINGS], feed, close=folder.cleanup)


def open_cameras() -> EntryPoint:
    """A CSV file of cameras."""
    folder = tempfile.TemporaryDirectory(prefix="sightline-fuzz-")
    path = Path(folder.name) / "cameras.csv"

    def feed(data: bytes) -> None:
        path.write_bytes(data)
        read_cameras(path)

    return EntryPoint(_CAMERAS, feed, close=folder.cleanup)


def open_api() -> EntryPoint:
    """The API over SQLite with one camera."""
    from api.app import AccessOptions, create_app  # noqa: PLC0415 - FastAPI and SQLAlchemy are for this entry point alone
    from sightline.runtime.clock import SystemClock  # noqa: PLC0415
    from sightline.runtime.stores import open_stores  # noqa: PLC0415
    from storage.live.memory_live_state import MemoryLiveState  # noqa: PLC0415

    folder = tempfile.TemporaryDirectory(prefix="sightline-fuzz-")
    clock = SystemClock()
    stores = open_stores(Settings(database=f"sqlite:///{folder.name}/fuzz.db"), clock)
    stores.streams.put_camera(Camera("gate", "rtsp://192.0.2.10/s", site="north"), by="fuzz", at=clock.now())
    access = AccessOptions(token=TOKEN)
    app = create_app(
        stores.streams, stores.scores, stores.alerts, MemoryLiveState(), metrics={}, clock=clock, access=access
    )
    return open_entry_point(app, TOKEN, close=folder.cleanup)
