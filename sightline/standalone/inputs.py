"""The inputs of `score`: files, folders and addresses become sources; what cannot be one is named."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from domain.text.camera_urls import STREAM_SCHEMES, clean_camera_url
from ingest.read.recordings import explain_error, file_address

PICTURES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
VIDEOS = frozenset(
    {".264", ".265", ".avi", ".flv", ".h264", ".h265", ".hevc", ".m2ts", ".m4v", ".mjpeg", ".mkv", ".mov", ".mp4"}
    | {".mpeg", ".mpg", ".mts", ".ts", ".webm", ".wmv", ".y4m"}
)


@dataclass(frozen=True, slots=True)
class ScoreInput:
    """One source to evaluate. `is_picture` has a single sample; `is_live` has no end of its own."""

    address: str
    is_picture: bool = False
    is_live: bool = False

    @property
    def is_file(self) -> bool:
        """Whether `address` is a path, whatever else it looks like."""
        return "://" not in self.address


@dataclass(frozen=True, slots=True)
class UnusableInput:
    """An input that cannot be evaluated."""

    address: str
    reason: str


def stream_address(given: str, *, where: str) -> str:
    """Return what was given as ingest opens it: a file that exists as that file, whatever its name looks like.

    Raises `ConfigError` naming `where` for an address that may not be opened.
    """
    if "://" not in given and os.path.lexists(given):
        return file_address(given)
    return clean_camera_url(given, where=where)


def find_inputs(addresses: Iterable[str]) -> Iterator[ScoreInput | UnusableInput]:
    """Yield the sources in the order given; a folder yields its pictures and videos, at any depth, by name."""
    for address in addresses:
        if "://" in address:
            scheme = address.partition("://")[0].lower()
            yield ScoreInput(address, is_live=scheme in STREAM_SCHEMES and scheme != "file")
            continue
        path = Path(address)
        try:
            path.stat()
        except (OSError, ValueError) as error:
            yield UnusableInput(address, explain_error(error))
            continue
        if path.is_dir():
            yield from _inputs_in_folder(path)
        else:
            yield _input_of_file(path)


def _inputs_in_folder(folder: Path) -> Iterator[ScoreInput | UnusableInput]:
    known = sorted(p for p in folder.rglob("*") if p.suffix.lower() in PICTURES | VIDEOS and p.is_file())
    if not known:
        yield UnusableInput(str(folder), "no pictures or videos in this folder")
    for path in known:
        yield _input_of_file(path)


def _input_of_file(path: Path) -> ScoreInput:
    return ScoreInput(str(path), is_picture=path.suffix.lower() in PICTURES)
