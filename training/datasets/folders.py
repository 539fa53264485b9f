"""What every adapter does: find the folder, read a table of labels, and name what is missing."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from domain.errors import ConfigError
from training.samples import found


class Folder:
    """The files of one folder, found whatever the case of their names; listed once."""

    def __init__(self, path: Path, advice: str) -> None:
        """Raises ConfigError, with `advice`, where there is no such folder."""
        self.path = found(path, advice)
        self.advice = advice
        self._files = {entry.name.lower(): entry for entry in path.iterdir()}

    def file(self, name: str, table: Path) -> Path:
        """The file that `table` labels as `name`. Raises ConfigError where it is absent."""
        try:
            return self._files[name.lower()]
        except KeyError:
            raise ConfigError(f"{table} labels {name!r}, but {self.path} has no such file: {self.advice}") from None


def csv_rows(table: Path, columns: Sequence[str], advice: str) -> Iterator[dict[str, str]]:
    """Rows of a CSV with a header, as text, by column; blank lines are left out.

    Raises ConfigError where the table is absent or lacks one of `columns`.
    """
    found(table, advice)
    with table.open(newline="", encoding="utf-8-sig") as lines:
        reader = csv.DictReader(lines, skipinitialspace=True)
        missing = [column for column in columns if column not in (reader.fieldnames or ())]
        if missing:
            raise ConfigError(f"{table} has no column {missing[0]!r}: {advice}")
        for row in reader:
            if any((value or "").strip() for value in row.values() if not isinstance(value, list)):
                yield row


def number(text: str | None, what: str, table: Path) -> float:
    """Return the number in a cell. Raises ConfigError naming the table and the picture whose score it should be."""
    try:
        return float((text or "").strip())
    except ValueError:
        raise ConfigError(f"{table} has no score for {what!r}") from None
