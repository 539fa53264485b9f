"""Recordings: which files may be opened, what a file that cannot be read means, and which video track is the film."""

import errno
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from domain.errors import SourceUnavailable
from ingest.decode import nal_units

FILE_SCHEME = "file://"


def file_address(path: str | Path) -> str:
    """Return the address of a file: whatever its name looks like, it is read as a file of that name."""
    return FILE_SCHEME + os.path.abspath(path)


def find_file_path(address: str) -> str:
    """Return the path in a `file://` address or a plain path; percent signs count as such where that file exists."""
    path = address.removeprefix(FILE_SCHEME)
    if address == path or "%" not in path or os.path.lexists(path):
        return path
    return unquote(path, errors="surrogateescape")


def refuse_unreadable(path: str) -> None:
    """Raise `SourceUnavailable`, with the next step, for what is no regular file, cannot be read, or holds nothing.

    Asked before FFmpeg opens anything: opening a named pipe would wait for its writer for ever.
    """
    try:
        found = os.stat(path)
        reason = _explain_no_recording(found)
        if not reason and not os.access(path, os.R_OK):
            reason = _ERRORS[errno.EACCES]
    except (OSError, ValueError) as error:
        reason = explain_error(error)
    if reason:
        raise SourceUnavailable(reason)


def _explain_no_recording(found: os.stat_result) -> str:
    for holds, reason in _KINDS:
        if holds(found.st_mode):
            return reason
    return "" if found.st_size else "the file is empty: copy or record it again"


_KINDS = (
    (stat.S_ISDIR, "this is a folder, not a recording: name a file in it"),
    (stat.S_ISFIFO, "this is a named pipe, not a recording: save what it carries to a file and name that"),
    (stat.S_ISCHR, "this is a device, not a recording: give the address of a camera's stream, or a file"),
    (stat.S_ISBLK, "this is a device, not a recording: give the address of a camera's stream, or a file"),
    (stat.S_ISSOCK, "this is a socket, not a recording: give the address of a camera's stream, or a file"),
)

_ERRORS = {
    errno.ENOENT: "no such file or folder: check its name and where it is",
    errno.ENOTDIR: "no such file: a part of its path is not a folder",
    errno.EACCES: "permission denied: let this user read the file and its folder",
    errno.ELOOP: "a symbolic link leads back to itself: name the file that it should lead to",
    errno.ENAMETOOLONG: "the name is too long for this system: check it, or rename the file",
}


def explain_error(error: Exception) -> str:
    """Return what an error of the file system means, with the next step."""
    number = error.errno if isinstance(error, OSError) else None
    return _ERRORS.get(number or 0, "the file cannot be read: copy it to this machine's own disk and try again")


PROBED_BYTES = 1 << 20
"""Bytes in which a raw stream shows its parameter sets and a key picture."""
_PROFILES = frozenset({44, 66, 77, 88, 100, 110, 118, 122, 128, 138, 144, 244})


def detect_raw_format(path: str) -> str | None:
    """Return `h264` or `hevc` where a file is the bare stream, None elsewhere; whatever is between its units.

    Recorders write headers of their own before pictures, which FFmpeg's guess takes for another container.
    """
    try:
        with open(path, "rb") as file:
            found = [unit for unit in nal_units.split_nal_units(file.read(PROBED_BYTES)) if len(unit) > 2]
    except OSError:
        return None
    h264 = {nal_units.h264_unit_type(unit) for unit in found if unit[0] < 0x80 and _has_profile(unit)}
    if {nal_units.H264.SPS, nal_units.H264.PPS, nal_units.H264.IDR} <= h264:
        return "h264"
    h265 = {nal_units.h265_unit_type(unit) for unit in found if unit[0] < 0x80 and unit[1] == 1}
    return "hevc" if {VPS, SPS, PPS} <= h265 else None


VPS, SPS, PPS = 32, 33, 34
"""Parameter sets of H.265."""


def _has_profile(unit: bytes) -> bool:
    return nal_units.h264_unit_type(unit) != nal_units.H264.SPS or unit[1] in _PROFILES


COVER_ONLY = "the file holds a cover picture and no video: name a recording with a film in it"


def find_film_tracks(container: InputContainer) -> list[VideoStream]:
    """Return the video tracks that are films: a cover picture or a thumbnail beside one is none."""
    tracks = container.streams.video
    return [track for track in tracks if not _is_cover(track, tracks)]


def choose_track(films: Sequence[VideoStream]) -> VideoStream:
    """Return the track that is meant: the default one, else the largest, else the first.

    Where writers mark all of them as default, or none, the size decides.
    """
    return max(films, key=lambda track: (_is_default(track), _pixels(track), -track.index))


def describe_track(container: InputContainer, chosen: VideoStream) -> str:
    """Return which of several video tracks is judged, or "" where there is one: `video track 2 of 3 (1920x1080)`."""
    tracks = container.streams.video
    if len(tracks) < 2:
        return ""
    place = next(number for number, track in enumerate(tracks, start=1) if track.index == chosen.index)
    size = f" ({chosen.width}x{chosen.height})" if _pixels(chosen) else ""
    return f"video track {place} of {len(tracks)}{size} is judged"


def _is_cover(track: VideoStream, tracks: Sequence[VideoStream]) -> bool:
    """Return whether a track is marked as a picture beside the film, or holds a single one where another holds more."""
    if track.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails):
        return True
    return track.frames == 1 and any(other.frames > 1 for other in tracks)


def _is_default(track: VideoStream) -> bool:
    return bool(track.disposition & Disposition.default)


def _pixels(track: VideoStream) -> int:
    return 0 if track.codec_context is None else int(track.width or 0) * int(track.height or 0)
