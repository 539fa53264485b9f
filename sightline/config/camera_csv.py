"""Reads and writes cameras as CSV, as spreadsheets write it: strictly, so that no column shifts into another.

A wrong line is named by line and column, and nothing is repaired silently: half a password must not become a site.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from domain.camera_changes import CameraEdit
from domain.cameras import Camera
from domain.errors import ConfigError
from domain.text.camera_urls import clean_camera_url
from domain.text.names import clean_label, clean_name
from sightline.config.camera_columns import SETTING_COLUMNS
from sightline.config.imported_cameras import CameraFile, ImportedCamera
from sightline.config.strict_yaml import key_for_message
from sightline.config.text_file import read_text

NAMING_COLUMNS = ("name", "url", "site", "group")
COLUMNS = (*NAMING_COLUMNS, *SETTING_COLUMNS)
MAX_CSV_BYTES = 4 << 20
MAX_CAMERAS = 20_000
"""A file of more is taken for a mistake, and refused after so many lines: what it costs stays bounded."""
MAX_PROBLEMS = 50
_MAX_FIELD_LENGTH = 8192
_HINT = "put a value with a comma or a semicolon in quotes"
_UNUSED = "unused column "
"""Begins the names of columns that a mapping leaves out; no column of ours holds a blank."""


def read_cameras(
    path: Path, address: Callable[..., str] = clean_camera_url
) -> tuple[tuple[Camera, ...], tuple[str, ...]]:
    """Return the cameras of a file, and one message a wrong line that names line and column. Raises `ConfigError`.

    `address(url, where=…)` returns an address as it is opened, or raises `ConfigError`.
    """
    found = read_camera_csv(path, address)
    return tuple(each.camera for each in found.cameras), found.problems


def read_camera_csv(
    path: Path, address: Callable[..., str] = clean_camera_url, headers: Mapping[str, str] | None = None
) -> CameraFile:
    """Return what a file says; `headers` gives columns of ours by the headers of the file. Raises `ConfigError`.

    Without `headers` an unknown column is an error; with them it is not read, and said so.
    """
    try:
        text = read_text(path, most_bytes=MAX_CSV_BYTES)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    cameras: dict[str, ImportedCamera] = {}
    problems: list[str] = []
    skipped: list[str] = []
    for line, row in _rows(path, text, headers or {}, skipped):
        try:
            found = _camera_from_row(row, address)
            name = found.camera.name
            if name in cameras:
                raise ConfigError(f"name: '{name}' was given on an earlier line")
            cameras[name] = found
        except ConfigError as error:
            problems.append(f"{path} line {line}, {error}")
        if len(cameras) > MAX_CAMERAS:
            raise ConfigError(f"{path}: names more than {MAX_CAMERAS} cameras; split it into several files")
        if len(problems) == MAX_PROBLEMS:
            problems.append(f"{path}: and maybe more")
            break
    return CameraFile(tuple(cameras.values()), tuple(problems), tuple(skipped))


def write_camera_csv(cameras: Iterable[Camera], address: Callable[[str], str] = str) -> str:
    """Return cameras as a text that `read_camera_csv` reads as the same cameras; `address(url)` is what is shown.

    What an operator accepted is no setting, and is left out. Raises `ConfigError` for a camera that fills no cell.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for camera in cameras:
        naming = (camera.name, address(camera.url), camera.site, camera.group)
        cells = [*naming, *(column.write(camera) for column in SETTING_COLUMNS.values())]
        if max(map(len, cells)) > _MAX_FIELD_LENGTH:
            raise ConfigError(f"camera '{camera.name}': its masks do not fit into a cell; write it to a settings file")
        writer.writerow(cells)
    return text.getvalue()


def _rows(
    path: Path, text: str, headers: Mapping[str, str], skipped: list[str]
) -> Iterator[tuple[int, Mapping[str, str] | str]]:
    """Yield line number and cells by lower-case column name, or what is wrong with the line as a whole.

    Commas or semicolons separate, whichever makes more columns of the first line: one within quotes separates nothing.
    """
    csv.field_size_limit(_MAX_FIELD_LENGTH)
    separator = max(",", ";", key=lambda mark: _count_columns(text, mark))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        width = len(header)
        while header and not header[-1]:
            header.pop()  # a column that the spreadsheet once held something in
        if headers:
            header = _map_header(path, header, headers, skipped)
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


def _count_columns(text: str, separator: str) -> int:
    try:
        return len(next(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True), []))
    except csv.Error:
        return 0


def _complete_row(header: list[str], cells: list[str], width: int) -> list[str]:
    """Return a line with the cells that Excel leaves out or adds: those after the last that holds something.

    Only where no comma of a password can have moved: a line that ends with its url, or is as wide as the first one.
    """
    if len(cells) == width and not any(cells[len(header) :]):
        return cells[: len(header)]
    ends = len(cells) == header.index("url") + 1 and "name" in header[: len(cells)]
    return [*cells, *[""] * (len(header) - len(cells))] if ends and "://" in cells[-1] else cells


def _map_header(path: Path, header: list[str], headers: Mapping[str, str], skipped: list[str]) -> list[str]:
    """Return the header in our words; a column of ours that is mapped is not read under its own name too."""
    wanted = {theirs.strip().lower(): ours for theirs, ours in headers.items()}
    absent = next((theirs for theirs in wanted if theirs not in header), None)
    if absent is not None:
        raise ConfigError(f"{path} line 1: there is no column '{key_for_message(absent)}'")
    left_out = [name for name in header if name not in wanted and (name not in COLUMNS or name in wanted.values())]
    skipped += [f"column '{key_for_message(name)}' is not read" for name in left_out]
    return [f"{_UNUSED}{place}" if name in left_out else wanted.get(name, name) for place, name in enumerate(header)]


def _check_header(path: Path, header: list[str]) -> None:
    missing = [name for name in ("name", "url") if name not in header]
    unknown = [name for name in header if name not in COLUMNS and not name.startswith(_UNUSED)]
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


def _camera_from_row(row: Mapping[str, str] | str, address: Callable[..., str]) -> ImportedCamera:
    if isinstance(row, str):
        raise ConfigError(row)
    places = {name: f"column {index + 1} ({name})" for index, name in enumerate(row)}
    camera = Camera(
        name=clean_name(row["name"], where=places["name"]),
        url=address(row["url"], where=places["url"]),
    )
    edit = _edit_of_row(row, places)
    return ImportedCamera(edit(camera), edit)


def _edit_of_row(row: Mapping[str, str], places: Mapping[str, str]) -> CameraEdit:
    labels: dict[str, Any] = {
        name: clean_label(row[name], where=places[name]) for name in ("site", "group") if name in row
    }

    def edit(camera: Camera) -> Camera:
        camera = replace(camera, **labels)
        for name in row.keys() & SETTING_COLUMNS.keys():
            camera = SETTING_COLUMNS[name].apply(camera, row[name], where=places[name])
        return camera

    return edit
