"""Text that people see: on one line, without characters that move a cursor, hide, or turn the direction of reading."""

import re
import unicodedata

_UNSEEN = re.compile(
    "[\u00a0\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Characters that show nothing although Unicode calls them letters, marks or blanks."""

MAX_REASON_LENGTH = 300


def holds_invisible(text: str) -> bool:
    """Return whether `text` holds a character that shows nothing: control, direction, zero width, line end."""
    return not text.isprintable() or _UNSEEN.search(text) is not None


def escape_invisible(text: str) -> str:
    """Return `text` with each character that shows nothing written out, such as `\\x1b`: one line, safe to print."""
    if not holds_invisible(text):
        return text
    return "".join(_escape_character(each) if holds_invisible(each) else each for each in text)


def _escape_character(character: str) -> str:
    named = {"\n": "\\n", "\r": "\\r", "\t": " ", "\u00a0": " "}.get(character)
    if named is not None:
        return named
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def shorten_to_line(text: str, limit: int = MAX_REASON_LENGTH) -> str:
    """Return a foreign text as one line of at most `limit` visible characters: blanks joined, the end cut with `…`."""
    cut = text[: 4 * limit]
    line = escape_invisible(" ".join(cut.split()))
    return line if len(line) <= limit and len(cut) == len(text) else line[: limit - 1].rstrip() + "…"


def normalise_text(text: str) -> str:
    """Return `text` without blanks around it and with composed letters (NFC), so that equal names are equal texts."""
    return unicodedata.normalize("NFC", text.strip())
