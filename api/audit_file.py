"""Lines of the audit as a file."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.records import AuditEntry
from domain.text.csv_cells import neutralise_formula

COLUMNS = ("number", "at", "by", "via", "client", "action", "subject", "detail", "camera", "site")


class AuditFormat(StrEnum):
    """How lines are written into a file; JSON has one object a line."""

    CSV = "csv"
    JSON = "json"


def line_of(entry: AuditEntry) -> dict[str, Any]:
    """Return a line's fields in the order of `COLUMNS`."""
    fields = asdict(entry)
    return {name: fields[name] for name in COLUMNS}


def write_lines(entries: Sequence[AuditEntry], form: AuditFormat, *, heading: bool) -> str:
    """Return lines as text of a file; in CSV no cell begins a formula."""
    text = io.StringIO()
    if form is AuditFormat.JSON:
        for entry in entries:
            text.write(json.dumps(line_of(entry), ensure_ascii=False, default=datetime.isoformat) + "\n")
        return text.getvalue()
    writer = csv.writer(text, lineterminator="\r\n")
    if heading:
        writer.writerow(COLUMNS)
    for entry in entries:
        cells = (each.isoformat() if isinstance(each, datetime) else str(each) for each in line_of(entry).values())
        writer.writerow([neutralise_formula(cell) for cell in cells])
    return text.getvalue()


def write_incomplete(format: AuditFormat, written: int) -> str:
    """Return a last line that says that lines are missing after it."""
    said = f"NOT COMPLETE: the database became unavailable after {written} lines; take the file again"
    return f"{said}\r\n" if format is AuditFormat.CSV else json.dumps({"error": said}) + "\n"
