"""What `score` is asked to judge: files, folders and addresses become sources; what cannot be one is named."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from domain.urls import STREAM_SCHEMES, checked
from ingest.recordings import explain_error, file_address

PICTURES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
VIDEOS = frozenset(
    {".264", ".265", ".avi", ".flv", ".h264", ".h265", ".hevc", ".m2ts", ".m4v", ".mjpeg", ".mkv", ".mov", ".mp4"}
    | {".mpeg", ".mpg", ".mts", ".ts", ".webm", ".wmv", ".y4m"}
)


@dataclass(frozen=True, slots=True)
class Source:
    """One thing to judge. `is_picture` has a single sample; `is_live` has no end of its own."""

    address: str
    is_picture: bool = False
    is_live: bool = False

    @property
    def is_file(self) -> bool:
        """Whether `address` is a path, whatever else it looks like."""
        return "://" not in self.address


@dataclass(frozen=True, slots=True)
class Unusable:
    """Something that was asked for and cannot be judged."""

    address: str
    reason: str


def stream_address(given: str, *, where: str) -> str:
    """Return what was given as ingest opens it: a file that exists as that file, whatever its name looks like.

    Raises `ConfigError` naming `where` for an address that may not be opened.
    """
    if "://" not in given and os.path.lexists(given):
        return file_address(given)
    return checked(given, where=where)


def sources(addresses: Iterable[str]) -> Iterator[Source | Unusable]:
    """Yield what to judge in the order given; a folder yields its pictures and videos, at any depth, by name."""
    for address in addresses:
        if "://" in address:
            scheme = address.partition("://")[0].lower()
            yield Source(address, is_live=scheme in STREAM_SCHEMES and scheme != "file")
            continue
        path = Path(address)
        try:
            path.stat()
        except (OSError, ValueError) as error:
            yield Unusable(address, explain_error(error))
            continue
        if path.is_dir():
            yield from _folder(path)
        else:
            yield _file(path)


def _folder(folder: Path) -> Iterator[Source | Unusable]:
    known = sorted(p for p in folder.rglob("*") if p.suffix.lower() in PICTURES | VIDEOS and p.is_file())
    if not known:
        yield Unusable(str(folder), "no pictures or videos in this folder")
    for path in known:
        yield _file(path)


def _file(path: Path) -> Source:
    return Source(str(path), is_picture=path.suffix.lower() in PICTURES)
