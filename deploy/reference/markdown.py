"""Pieces of Markdown that the reference pages share."""

from collections.abc import Iterable, Sequence


def write_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a `|` inside a cell is escaped and line breaks become blanks."""
    lines = ["| " + " | ".join(map(_cell, row)) + " |" for row in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


def code(text: object) -> str:
    """Return text as code, "" for nothing."""
    return f"`{text}`" if str(text) else ""


def as_sentence(text: str) -> str:
    """Return the first paragraph of a docstring on one line."""
    return " ".join(text.partition("\n\n")[0].split())


def head_note(command: str = "make reference") -> str:
    """Return the comment that says where a page comes from."""
    return f"<!-- Written by `{command}` from the code. Do not edit. -->"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
