"""Reads cameras from a CSV file, as spreadsheets write it. A wrong line is named; a formula is never kept."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from domain.errors import ConfigError
from domain.streams import Camera
from domain.urls import checked

COLUMNS = ("name", "url", "site", "group")
_NAME = re.compile(r"[\w .:-]{1,120}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_FORMULA_START = ("=", "+", "-", "@")


def cell(text: str) -> str:
    """Return `text` harmless for terminals and spreadsheets: no control or direction characters, no formula start."""
    clean = _CONTROL.sub("", text).strip()
    while clean.startswith(_FORMULA_START):
        clean = clean[1:].lstrip()
    return clean


def read_cameras(path: Path) -> tuple[tuple[Camera, ...], tuple[str, ...]]:
    """Return the cameras of a file, and one message a wrong line that names the line. Raises `ConfigError`."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text; save it as 'CSV UTF-8'") from error
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    cameras: dict[str, Camera] = {}
    problems: list[str] = []
    for line, row in _rows(path, text):
        try:
            camera = _camera(row)
        except ConfigError as error:
            problems.append(f"{path} line {line}: {error}")
            continue
        if camera.name in cameras:
            problems.append(f"{path} line {line}: name '{camera.name}' was given on an earlier line")
        cameras[camera.name] = camera
    return tuple(cameras.values()), tuple(problems)


def _rows(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield line number and cells by lower-case column name; commas or semicolons, as the first line has more of."""
    first = text.partition("\n")[0]
    separator = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    header = [name.strip().lower() for name in next(reader, [])]
    missing = [name for name in ("name", "url") if name not in header]
    unknown = [name for name in header if name not in COLUMNS]
    if missing or unknown:
        wrong = f"no column '{missing[0]}'" if missing else f"unknown column '{cell(unknown[0])}'"
        raise ConfigError(f"{path} line 1: {wrong}; the columns are {', '.join(COLUMNS)}")
    for cells in reader:
        if any(text.strip() for text in cells):
            yield reader.line_num, dict(zip(header, cells, strict=False))


def _camera(row: Mapping[str, str]) -> Camera:
    name = cell(row.get("name", ""))
    if not _NAME.fullmatch(name):
        raise ConfigError("name: 1 to 120 letters, digits, spaces, and . : - _ are needed")
    url = _CONTROL.sub("", row.get("url", "")).strip()
    if not url:
        raise ConfigError("url: needed, but empty")
    return Camera(
        name=name, url=checked(url, where="url"), site=cell(row.get("site", "")), group=cell(row.get("group", ""))
    )
