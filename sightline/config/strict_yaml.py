"""Reads YAML from a stranger: no tags, bounded depth and size however it refers to itself, and no key given twice.

Errors name the line and never quote the text, which may be a password.
"""

import re
from typing import Any

import yaml

from domain.errors import ConfigError
from domain.text.plain_text import escape_invisible
from domain.text.redaction import redact_text

MAX_DEPTH = 24
MAX_NODES = 400_000
"""Values a file may hold with every alias written out; a camera has about ten."""
MAX_SCALAR_LENGTH = 16_384
MAX_NUMBER_LENGTH = 40
_MAX_KEY_SHOWN = 40
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NUMBER_STARTS = frozenset("+-.0123456789")
_NUMBER_CHARACTERS = frozenset("+-._:xXabcdefABCDEF0123456789")
_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_SYNTAX = "not valid YAML; check the indentation, and put values with special characters in quotes"

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """Refuses a key given twice, where YAML itself silently keeps the last, and reads a date as text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise ConfigError(f"line {line}: a key must be one word")
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise ConfigError(f"line {line}: key '{key_for_message(key)}' is given twice; keep one")
            seen.add(key)
        found: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return found


_Loader.yaml_implicit_resolvers = {
    start: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
    for start, resolvers in _Base.yaml_implicit_resolvers.items()
}


def key_for_message(key: object) -> str:
    """Return a key as an error may show it: on one line, short, without an address's secrets."""
    text = escape_invisible(redact_text(str(key)))
    return text if len(text) <= _MAX_KEY_SHOWN else f"{text[:_MAX_KEY_SHOWN]}…"


def parse_yaml(text: str) -> Any:
    """Return what a YAML text says. Raises `ConfigError` that begins with the line, where one is known."""
    control = _CONTROL.search(text)
    if control is not None:
        line = text.count("\n", 0, control.start()) + 1
        raise ConfigError(f"line {line}: holds a control character; is this a text file?")
    try:
        _check_structure(text)
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        where = f"line {mark.line + 1}: " if mark is not None else ""
        raise ConfigError(where + _reason(error)) from None
    except (ValueError, OverflowError):
        raise ConfigError("holds a number or a value that cannot be read; put texts in quotes") from None


def _reason(error: yaml.YAMLError) -> str:
    if "\\t" in str(getattr(error, "problem", "")):
        return "not valid YAML; indent with spaces instead of tabs"
    return _SYNTAX


def _check_structure(text: str) -> None:
    """Follow the parser's events, before anything is built: what this lets pass is small when written out."""
    bounds = _StructureLimits()
    for event in yaml.parse(text, Loader=_Base):
        bounds.take(event)


class _StructureLimits:
    """Counts what a text would become. `_open` holds each collection's size so far, and the anchor it has."""

    def __init__(self) -> None:
        self._documents = 0
        self._open: list[tuple[str | None, int]] = []
        self._sizes: dict[str, int] = {}

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark is not None else 1
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise ConfigError(f"line {line}: a second document begins here; keep one")
        elif isinstance(event, yaml.NodeEvent):
            self._take_node(event, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, size = self._open.pop()
            self._count(anchor, size, line)

    def _take_node(self, event: yaml.NodeEvent, line: int) -> None:
        if isinstance(event, yaml.AliasEvent):
            size = self._sizes.get(event.anchor or "")
            if size is None:
                raise ConfigError(f"line {line}: refers to nothing above it; put a value that begins with * in quotes")
            self._count(None, size, line)
            return
        if getattr(event, "tag", None) is not None:
            raise ConfigError(f"line {line}: tags are not read; put a value that begins with ! in quotes")
        if isinstance(event, yaml.ScalarEvent):
            _check_scalar(event, line)
            self._count(event.anchor, 1, line)
            return
        self._open.append((event.anchor, 1))
        if len(self._open) > MAX_DEPTH:
            raise ConfigError(f"line {line}: nested more than {MAX_DEPTH} deep")

    def _count(self, anchor: str | None, size: int, line: int) -> None:
        """Add a finished node to the collection around it."""
        if anchor is not None:
            self._sizes[anchor] = size
        if self._open:
            outer, so_far = self._open[-1]
            self._open[-1] = (outer, so_far + size)
            size = so_far + size
        if size > MAX_NODES:
            raise ConfigError(f"line {line}: holds more than {MAX_NODES} values, with its references written out")


def _check_scalar(event: yaml.ScalarEvent, line: int) -> None:
    if len(event.value) > MAX_SCALAR_LENGTH:
        raise ConfigError(f"line {line}: a value is longer than {MAX_SCALAR_LENGTH} characters")
    # A quoted text has a style; a plain one may be read as a number.
    is_plain = event.style in (None, "") and event.value[:1] in _NUMBER_STARTS
    if is_plain and len(event.value) > MAX_NUMBER_LENGTH and _NUMBER_CHARACTERS.issuperset(event.value):
        raise ConfigError(f"line {line}: a number is too long; put a text in quotes")
