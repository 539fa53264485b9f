"""What `sightline-lab fuzz` feeds: the doors of every layer, and the process that feeds one of them.

Run as `python -P -m sightline.fuzzing TARGET SEED SECONDS MOST FOLDER SCRATCH`.
"""

import logging
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from bench.fuzz.process import Slice, feed_slice, write_result
from bench.fuzz.target import Door, Target


def _door(name: str) -> Callable[[], Door]:
    """Return what opens the door `module:function`. Imported when opened: torch alone takes seconds and 300 MB."""
    module, _, function = name.partition(":")

    def opens() -> Door:
        door: Door = getattr(import_module(module), function)()
        return door

    return opens


_MEDIA = "bench.fuzz.media_targets:open_"
_NETWORK = "bench.fuzz.network_targets:open_"
TARGETS = (
    Target("addresses", _door("bench.fuzz.text_targets:open_addresses"), deadline_s=5.0),
    Target("messages", _door("bench.fuzz.text_targets:open_messages"), deadline_s=5.0),
    Target("weights", _door("bench.fuzz.weights_target:open_weights")),
    Target("settings", _door("sightline.fuzz_doors:open_settings")),
    Target("camera_list", _door("sightline.fuzz_doors:open_cameras")),
    Target("api", _door("sightline.fuzz_doors:open_api")),
    *(Target(name, _door(_MEDIA + name)) for name in ("h264", "h265", "mpeg_ts", "mkv", "mp4", "mjpeg")),
    *(Target(name, _door(_NETWORK + name), deadline_s=20.0) for name in ("rtsp", "http", "hls")),
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
