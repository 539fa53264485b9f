"""The one rule for names: of cameras, and of the sites and groups they belong to. CLI, CSV, YAML and API use it alike.

What it refuses could forge a line of a log, colour a terminal, be a formula in a spreadsheet, or hold a secret.
"""

import unicodedata
from collections.abc import Sequence

from domain.errors import ConfigError
from domain.text.plain_text import holds_invisible, normalise_text

MAX_NAME_LENGTH = 120
MAX_LINE_LENGTH = 500
MAX_TAGS = 20
_NAME_MARKS = frozenset(" .:_-,()&'+#\uff08\uff09\u30fb")
"""The last three are the wide brackets and the middle dot of Japanese and Chinese names."""
_LABEL_MARKS = _NAME_MARKS | {"/"}
"""A camera's name is one segment of the API's paths; a site is not."""
_WIDE_BLANK = "\u3000"
_BLANKS = " \u00a0"


def clean_name(text: str, *, where: str = "name") -> str:
    """Return a camera's name as it is kept. Raises `ConfigError` naming `where`."""
    return _clean_name_text(text, _NAME_MARKS, where, "and . : - _ , ( ) & ' + #")


def clean_label(text: str, *, where: str) -> str:
    """Return a site, a group or another label as it is kept; it may be empty. Raises `ConfigError` naming `where`."""
    return (
        _clean_name_text(text, _LABEL_MARKS, where, "and . : - _ , ( ) & ' + # /")
        if text.strip(_BLANKS + _WIDE_BLANK)
        else ""
    )


def clean_tags(texts: Sequence[str], *, where: str) -> tuple[str, ...]:
    """Return tags as they are kept: each a label, none twice, in the order given. Raises `ConfigError`."""
    if len(texts) > MAX_TAGS:
        raise ConfigError(f"{where}: {MAX_TAGS} are the most")
    tags = [clean_label(text, where=where) for text in texts]
    if any("," in tag for tag in tags):
        raise ConfigError(f"{where}: a comma separates two tags and is no part of one")
    return tuple(dict.fromkeys(filter(None, tags)))


def clean_line(text: str, *, where: str, longest: int = MAX_LINE_LENGTH) -> str:
    """Return what a person wrote, such as a reason, as it is kept: one visible line. Raises `ConfigError`."""
    if len(text) > 2 * longest:
        raise ConfigError(f"{where}: too long; {longest} characters are the most")
    line = normalise_text(text)
    if holds_invisible(line):
        raise ConfigError(f"{where}: holds a character that cannot be seen; type it again without it")
    if len(line) > longest:
        raise ConfigError(f"{where}: too long; {longest} characters are the most")
    return line


def _clean_name_text(text: str, marks: frozenset[str], where: str, allowed: str) -> str:
    if len(text) > 4 * MAX_NAME_LENGTH:
        raise ConfigError(f"{where}: too long; {MAX_NAME_LENGTH} characters are the most")
    spaced = text.replace(_WIDE_BLANK, " ")
    name = normalise_text(spaced)
    # Of what is cut off at the ends only blanks may be there: a settings file is refused for a tab or a line end.
    if holds_invisible(name) or not spaced.strip(_BLANKS).isprintable():
        raise ConfigError(f"{where}: holds a character that cannot be seen; type it again without it")
    if not 1 <= len(name) <= MAX_NAME_LENGTH:
        raise ConfigError(f"{where}: 1 to {MAX_NAME_LENGTH} characters are needed")
    if not (name[0].isalnum() or name[0] == "_"):
        raise ConfigError(f"{where}: must begin with a letter or a digit")
    if not all(each.isalnum() or each in marks or unicodedata.category(each).startswith("M") for each in name):
        raise ConfigError(f"{where}: only letters, digits, spaces, {allowed} are allowed")
    return name
