"""Reads a file an operator named: a regular file, of bounded size, text in UTF-8. Anything else is refused at once.

A named pipe would block, a device would never end.
"""

import os
import stat
from pathlib import Path

from domain.errors import ConfigError


def read_text(path: Path, *, most_bytes: int) -> str:
    """Return the file's text without a byte order mark. Raises `ConfigError` with the reason, without the path."""
    content = read_bytes(path, most_bytes=most_bytes)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"is not UTF-8 text (line {line}); save it as UTF-8") from None


def read_bytes(path: Path, *, most_bytes: int) -> bytes:
    """Return the file's bytes. Raises `ConfigError` with the reason, without the path."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise ConfigError("no such file") from None
    except (OSError, ValueError) as error:
        raise ConfigError(getattr(error, "strerror", None) or "cannot be read") from error
    try:
        with os.fdopen(descriptor, "rb") as file:
            _require_regular(os.fstat(descriptor).st_mode)
            content = file.read(most_bytes + 1)
    except OSError as error:
        raise ConfigError(error.strerror or "cannot be read") from error
    if len(content) > most_bytes:
        raise ConfigError(f"is larger than {most_bytes // 1024} KiB; is it the right file?")
    return content


def _require_regular(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise ConfigError("is a folder, not a file")
    if not stat.S_ISREG(mode):
        raise ConfigError("is a pipe or a device, not a file")
