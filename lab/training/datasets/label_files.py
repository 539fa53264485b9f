"""What every adapter does: find the folder, read a table of labels, and name what is missing."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from openpyxl import load_workbook
from scipy.io import loadmat

from domain.errors import ConfigError
from lab.training.samples import require_path


class DatasetFolder:
    """The files of one folder, found whatever the case of their names; listed once."""

    def __init__(self, path: Path, advice: str) -> None:
        """Raises ConfigError, with `advice`, where there is no such folder."""
        self.path = require_path(path, advice)
        self.advice = advice
        self._files = {entry.name.lower(): entry for entry in path.iterdir()}

    def file(self, name: str, table: Path) -> Path:
        """The file that `table` labels as `name`. Raises ConfigError where it is absent."""
        try:
            return self._files[name.lower()]
        except KeyError:
            raise ConfigError(f"{table} labels {name!r}, but {self.path} has no such file: {self.advice}") from None


def read_csv_rows(table: Path, columns: Sequence[str], advice: str) -> Iterator[dict[str, str]]:
    """Rows of a CSV with a header, as text, by column; blank lines are left out.

    Raises ConfigError where the table is absent or lacks one of `columns`.
    """
    require_path(table, advice)
    with table.open(newline="", encoding="utf-8-sig") as lines:
        reader = csv.DictReader(lines, skipinitialspace=True)
        missing = [column for column in columns if column not in (reader.fieldnames or ())]
        if missing:
            raise ConfigError(f"{table} has no column {missing[0]!r}: {advice}")
        for row in reader:
            if any((value or "").strip() for value in row.values() if not isinstance(value, list)):
                yield row


def parse_number(text: str | None, what: str, table: Path) -> float:
    """Return the number in a cell. Raises ConfigError naming the table and the picture whose score it should be."""
    try:
        return float((text or "").strip())
    except ValueError:
        raise ConfigError(f"{table} has no score for {what!r}") from None


def read_matlab(path: Path, variable: str, advice: str) -> NDArray[Any]:
    """One variable of a MATLAB file. Raises ConfigError where the file or the variable is absent."""
    require_path(path, advice)
    try:
        values: NDArray[Any] = loadmat(path, variable_names=[variable])[variable]
    except (KeyError, ValueError) as error:
        raise ConfigError(f"{path} has no variable {variable!r}: {advice}") from error
    return values


def read_sheet_rows(
    path: Path, columns: Sequence[str], advice: str, sheet: str | None = None
) -> Iterator[dict[str, str]]:
    """Rows of a workbook's sheet (the first by default) below the row that holds all of `columns`, as text, by column.

    Whole numbers lose their decimals ("1600", not "1600.0"); rows without a value in the first column are left out.
    Raises ConfigError where the workbook, the sheet or the columns are absent.
    """
    require_path(path, advice)
    with closing(load_workbook(path, read_only=True, data_only=True)) as workbook:
        if sheet is not None and sheet not in workbook.sheetnames:
            raise ConfigError(f"{path} has no sheet {sheet!r}: {advice}")
        rows = workbook[sheet or workbook.sheetnames[0]].iter_rows(values_only=True)
        places = _header(rows, columns)
        if places is None:
            raise ConfigError(f"{path} has no row with the columns {', '.join(columns)}: {advice}")
        for row in rows:
            texts = {column: _text(row[place]) if place < len(row) else "" for column, place in places.items()}
            if texts[columns[0]]:
                yield texts


def _header(rows: Iterator[tuple[object, ...]], columns: Sequence[str]) -> dict[str, int] | None:
    for row in rows:
        titles = [_text(cell) for cell in row]
        if all(column in titles for column in columns):
            return {column: titles.index(column) for column in columns}
    return None


def _text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()
