"""What `sightline-lab fuzz` feeds: the doors of every layer, and the process that feeds one of them.

Run as `python -P -m sightline.fuzzing TARGET SEED SECONDS MOST FOLDER SCRATCH`.
"""

import logging
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.fuzz import media_targets, network_targets, text_targets
from bench.fuzz.api_target import open_api
from bench.fuzz.process import Slice, feed_slice, write_result
from bench.fuzz.target import Door, Target
from domain.streams import Camera
from sightline.camera_import import read_cameras
from sightline.clock import SystemClock
from sightline.settings import Settings, load_settings
from sightline.stores import open_stores

TOKEN = "fuzz-0123456789abcdef"  # the API's in this process alone

_SETTINGS = """
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


def _open_settings() -> Door:
    folder = tempfile.TemporaryDirectory(prefix="sightline-fuzz-")
    path = Path(folder.name) / "sightline.yaml"

    def feed(data: bytes) -> None:
        path.write_bytes(data)
        load_settings(path)

    load_settings(_written(path, _SETTINGS.encode()))
    return Door([_SETTINGS.encode()], feed, close=folder.cleanup)


def _open_cameras() -> Door:
    folder = tempfile.TemporaryDirectory(prefix="sightline-fuzz-")
    path = Path(folder.name) / "cameras.csv"

    def feed(data: bytes) -> None:
        path.write_bytes(data)
        read_cameras(path)

    return Door(_CAMERAS, feed, close=folder.cleanup)


def _written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _open_api() -> Door:
    from api.app import create_app  # noqa: PLC0415 - one target of many needs it
    from storage.live import MemoryLiveState  # noqa: PLC0415

    folder = tempfile.TemporaryDirectory(prefix="sightline-fuzz-")
    clock = SystemClock()
    stores = open_stores(Settings(database=f"sqlite:///{folder.name}/fuzz.db"), clock)
    stores.streams.put_camera(Camera("gate", "rtsp://192.0.2.10/s", site="north"), by="fuzz", at=clock.now())
    app = create_app(
        stores.streams,
        stores.scores,
        stores.alerts,
        MemoryLiveState(),
        metrics={},
        clock=clock,
        token=TOKEN,
    )
    door = open_api(app, TOKEN)
    return Door(door.seeds, door.feed, refusals=(), close=folder.cleanup)


TARGETS = (
    Target("addresses", text_targets.open_addresses, deadline_s=5.0),
    Target("messages", text_targets.open_messages, deadline_s=5.0),
    Target("weights", text_targets.open_weights),
    Target("settings", _open_settings),
    Target("camera_list", _open_cameras),
    Target("api", _open_api),
    *media_targets.TARGETS,
    *network_targets.TARGETS,
)


def command(work: Slice) -> Sequence[str]:
    """Return the command line of the process that does `work`."""
    return (sys.executable, "-P", "-m", "sightline.fuzzing", *work.words())


def main(words: Sequence[str]) -> None:
    work = Slice.from_words(words)
    target = next(target for target in TARGETS if target.name == work.target)
    logging.disable(logging.CRITICAL)
    write_result(work.result, feed_slice(target, work))


if __name__ == "__main__":
    main(sys.argv[1:])
