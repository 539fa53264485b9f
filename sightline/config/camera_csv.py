"""Reads cameras from a CSV file, as spreadsheets write it: strictly, so that no column shifts into another.

A wrong line is named by line and column, and nothing is repaired silently: half a password must not become a site.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from domain.cameras import Camera
from domain.errors import ConfigError
from domain.text.camera_urls import clean_camera_url
from domain.text.names import clean_label, clean_name
from sightline.config.strict_yaml import key_for_message
from sightline.config.text_file import read_text

COLUMNS = ("name", "url", "site", "group")
MAX_CSV_BYTES = 4 << 20
MAX_PROBLEMS = 50
_MAX_FIELD_LENGTH = 8192
_HINT = "put a value with a comma or a semicolon in quotes"


def read_cameras(
    path: Path, address: Callable[..., str] = clean_camera_url
) -> tuple[tuple[Camera, ...], tuple[str, ...]]:
    """Return the cameras of a file, and one message a wrong line that names line and column. Raises `ConfigError`.

    `address(url, where=…)` returns an address as it is opened, or raises `ConfigError`.
    """
    try:
        text = read_text(path, most_bytes=MAX_CSV_BYTES)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    cameras: dict[str, Camera] = {}
    problems: list[str] = []
    for line, row in _rows(path, text):
        try:
            camera = _camera_from_row(row, address)
            if camera.name in cameras:
                raise ConfigError(f"name: '{camera.name}' was given on an earlier line")
            cameras[camera.name] = camera
        except ConfigError as error:
            problems.append(f"{path} line {line}, {error}")
        if len(problems) == MAX_PROBLEMS:
            problems.append(f"{path}: and maybe more")
            break
    return tuple(cameras.values()), tuple(problems)


def _rows(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, str] | str]]:
    """Yield line number and cells by lower-case column name, or what is wrong with the line as a whole.

    Commas or semicolons separate, as the first line has more of.
    """
    first = text.partition("\n")[0]
    separator = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    csv.field_size_limit(_MAX_FIELD_LENGTH)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        width = len(header)
        while header and not header[-1]:
            header.pop()  # a column that the spreadsheet once held something in
        _check_header(path, header)
        before = reader.line_num
        for cells in reader:
            line, before = before + 1, reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            row = _complete_row(header, cells, width)
            yield line, _shape_error(header, row) or dict(zip(header, row, strict=True))
    except csv.Error:
        raise ConfigError(
            f'{path} line {reader.line_num}: a quote is open, misplaced, or its value too long; write "" for a quote '
            "within quotes"
        ) from None


def _complete_row(header: list[str], cells: list[str], width: int) -> list[str]:
    """Return a line with the cells that Excel leaves out or adds: those after the last that holds something.

    Only where no comma of a password can have moved: a line that ends with its url, or is as wide as the first one.
    """
    if len(cells) == width and not any(cells[len(header) :]):
        return cells[: len(header)]
    ends = len(cells) == header.index("url") + 1 and "name" in header[: len(cells)]
    return [*cells, *[""] * (len(header) - len(cells))] if ends and "://" in cells[-1] else cells


def _check_header(path: Path, header: list[str]) -> None:
    missing = [name for name in ("name", "url") if name not in header]
    unknown = [name for name in header if name not in COLUMNS]
    twice = [name for name in header if header.count(name) > 1]
    if missing or unknown or twice:
        wrong = f"no column '{missing[0]}'" if missing else f"column '{twice[0]}' is there twice" if twice else ""
        wrong = wrong or f"unknown column '{key_for_message(unknown[0])}'"
        raise ConfigError(f"{path} line 1: {wrong}; the columns are {', '.join(COLUMNS)}")


def _shape_error(header: list[str], cells: list[str]) -> str:
    if len(cells) != len(header):
        column = header[min(len(cells), len(header) - 1)]
        counts = f"{len(cells)} columns, where line 1 has {len(header)}"
        return f"column {min(len(cells), len(header) - 1) + 1} ({column}): {counts}; {_HINT}"
    for index, (name, cell) in enumerate(zip(header, cells, strict=True)):
        if "\n" in cell or "\r" in cell:
            return f"column {index + 1} ({name}): holds a line break; is a quote missing?"
    return ""


def _camera_from_row(row: Mapping[str, str] | str, address: Callable[..., str]) -> Camera:
    if isinstance(row, str):
        raise ConfigError(row)
    places = {name: f"column {index + 1} ({name})" for index, name in enumerate(row)}
    return Camera(
        name=clean_name(row["name"], where=places["name"]),
        url=address(row["url"], where=places["url"]),
        site=clean_label(row.get("site", ""), where=places.get("site", "")),
        group=clean_label(row.get("group", ""), where=places.get("group", "")),
    )
