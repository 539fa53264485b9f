"""What `sightline-lab fuzz` feeds: the entry points of every layer, and the process that feeds one of them.

Run as `python -P -m lab.bench.fuzz.target_catalogue TARGET SEED SECONDS MOST FOLDER SCRATCH`.
"""

import logging
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from lab.bench.fuzz.feeder_process import FuzzSlice, feed_slice, write_result
from lab.bench.fuzz.target import EntryPoint, Target


def _entry_point(name: str) -> Callable[[], EntryPoint]:
    """Return what opens the entry point `module:function`. Imported when opened: torch alone takes seconds and 300
    MB.
    """
    module, _, function = name.partition(":")

    def opens() -> EntryPoint:
        entry_point: EntryPoint = getattr(import_module(module), function)()
        return entry_point

    return opens


_MEDIA = "lab.bench.fuzz.media_targets:open_"
_NETWORK = "lab.bench.fuzz.network_targets:open_"
TARGETS = (
    Target("addresses", _entry_point("lab.bench.fuzz.text_targets:open_addresses"), deadline_s=5.0),
    Target("messages", _entry_point("lab.bench.fuzz.text_targets:open_messages"), deadline_s=5.0),
    Target("calendars", _entry_point("lab.bench.fuzz.text_targets:open_calendars")),
    Target("weights", _entry_point("lab.bench.fuzz.weights_target:open_weights")),
    Target("settings", _entry_point("lab.bench.fuzz.application_targets:open_settings")),
    Target("camera_list", _entry_point("lab.bench.fuzz.application_targets:open_cameras")),
    Target("api", _entry_point("lab.bench.fuzz.application_targets:open_api")),
    *(Target(name, _entry_point(_MEDIA + name)) for name in ("h264", "h265", "mpeg_ts", "mkv", "mp4", "mjpeg")),
    *(Target(name, _entry_point(_NETWORK + name), deadline_s=20.0) for name in ("rtsp", "http", "hls")),
)


def feeder_command(work: FuzzSlice) -> Sequence[str]:
    """Return the command line of the process that does `work`."""
    return (sys.executable, "-P", "-m", "lab.bench.fuzz.target_catalogue", *work.words())


def main(words: Sequence[str]) -> None:
    work = FuzzSlice.from_words(words)
    target = next(target for target in TARGETS if target.name == work.target)
    logging.disable(logging.CRITICAL)
    write_result(work.result, feed_slice(target, work))


if __name__ == "__main__":
    main(sys.argv[1:])
