"""Every regular expression of the product takes time in proportion to its text: a stranger may send the text.

The patterns are read from the source, so that a new one is found without being listed. Texts are made from each
pattern's own characters: its shortest match, torn open at every place and filled up to 100,000 characters.
"""

import ast
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from re import _constants as constants  # type: ignore[attr-defined, unused-ignore]
from re import _parser as parser  # type: ignore[attr-defined, unused-ignore]
from types import FrameType
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = (
    *(
        "api",
        "detectors",
        "domain",
        "evaluation",
        "ingest",
        "lab",
        "notification",
        "sightline",
        "simulation",
        "storage",
    ),
    *("transport", "weights", "workers"),
)
FUNCTIONS = frozenset({"compile", "findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn"})
LENGTH = 100_000
SHORT = 500
DEADLINE_S = 1.0


def patterns() -> dict[str, tuple[str, bool]]:
    """Return every pattern by where it stands, and whether it is only tried at the beginning of a text.

    They are arguments of `re` functions, and `pattern=` of pydantic's fields.
    """
    found = {}
    for path in sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            argument = _pattern_of(node)
            if argument is not None:
                anchored = isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("match", "fullmatch")
                found[f"{path.relative_to(ROOT)}:{argument.lineno}"] = _text_of(argument), anchored
    return found


def _pattern_of(node: ast.AST) -> ast.expr | None:
    if not isinstance(node, ast.Call):
        return None
    called = node.func
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id == "re":
        return node.args[0] if called.attr in FUNCTIONS and node.args else None
    # pytest and rich take patterns too, but of the tests' and the product's own texts.
    return next((word.value for word in node.keywords if word.arg == "pattern"), None)


def _text_of(node: ast.expr) -> str:
    """Return a pattern written in the source; a part that is computed counts as one letter."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text_of(part) for part in node.values)
    if isinstance(node, ast.BinOp):
        return _text_of(node.left) + _text_of(node.right)
    if isinstance(node, ast.FormattedValue):
        return "x"
    raise AssertionError(f"line {node.lineno}: write the pattern where it is compiled, or this test cannot read it")


def example(parsed: Any) -> str:
    """Return a short text that a parsed pattern matches, or nearly so."""
    return "".join(_example_of(operation, argument) for operation, argument in parsed)


def _example_of(operation: Any, argument: Any) -> str:
    within = {constants.SUBPATTERN: 3, constants.ASSERT: 1, constants.MAX_REPEAT: 2, constants.MIN_REPEAT: 2}
    if operation is constants.LITERAL:
        return chr(argument)
    if operation is constants.IN:
        return _member(argument)
    if operation in (constants.NOT_LITERAL, constants.ANY):
        return "a" if argument != ord("a") else "b"
    if operation is constants.BRANCH:
        return example(argument[1][0])
    if operation in within:
        times = max(1, min(argument[0], 8)) if within[operation] == 2 else 1
        return example(argument[within[operation]]) * times
    return ""


def _member(members: Any) -> str:
    if members[0][0] is constants.NEGATE:
        refused = {value for kind, value in members if kind is constants.LITERAL}
        return next(each for each in "a1 b" if ord(each) not in refused)
    kind, value = members[0]
    if kind is constants.LITERAL:
        return chr(value)
    if kind is constants.RANGE:
        return chr(value[0])
    by_category: dict[Any, str] = {constants.CATEGORY_DIGIT: "1", constants.CATEGORY_SPACE: " "}
    return by_category.get(value, "a")


Text = tuple[str, str, str]
"""What a text begins with, what fills it, and how it ends."""


def texts(pattern: str) -> list[Text]:
    """Return texts that tear the pattern's example open at every place, filled with its letters and its beginnings."""
    match = example(parser.parse(pattern))[:24] or "a"
    fillings = {*match, "a", "A", "0", " ", "/", "\n", *(match[:end] for end in range(1, len(match) + 1))}
    fillings |= {match[i : i + 2] for i in range(len(match) - 1)} | {f"{letter}a" for letter in match[:4]}
    starts = {match[:place] for place in range(len(match) + 1)}
    return [(start, filling, end) for start in starts for filling in fillings for end in ("", "\x01")]


def write_escaped(text: Text, length: int) -> str:
    start, filling, end = text
    return start + filling * (length // len(filling)) + end


def slowest_s(pattern: str, anchored: bool = False, *, give_up_s: float = 3 * DEADLINE_S) -> float:
    """Return the longest time that a text of 100,000 characters took.

    The worst are found with short texts. Raises `TimeoutError` after `give_up_s` of CPU instead of hanging.
    """

    def too_long(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(pattern)

    compiled = re.compile(pattern, re.IGNORECASE)

    def run(text: str) -> None:
        compiled.fullmatch(text)
        _ = compiled.match(text) if anchored else compiled.sub("", text)

    before = signal.signal(signal.SIGPROF, too_long)
    try:
        ranked = sorted(
            texts(pattern), key=lambda text: _measure_s(run, write_escaped(text, SHORT), give_up_s), reverse=True
        )
        return max(_measure_s(run, write_escaped(text, LENGTH), give_up_s) for text in ranked[:6])
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _measure_s(run: Callable[[str], None], text: str, give_up_s: float) -> float:
    signal.setitimer(signal.ITIMER_PROF, give_up_s)
    began = time.thread_time()
    run(text)
    return time.thread_time() - began


FOUND = patterns()


@pytest.mark.parametrize("where", FOUND)
def test_a_pattern_takes_time_in_proportion_to_its_text(where: str) -> None:
    assert slowest_s(*FOUND[where]) < DEADLINE_S, FOUND[where]


@pytest.mark.parametrize(
    "pattern",
    [
        r"[A-Za-z][A-Za-z0-9+.-]*://[^\s]*",
        r"authorization\s*[:=]\s*(?:basic)?\s*\S",
        r"\$\{[a-z]+(?::-[^}]*)?\}",
        r"(a+)+$",
        r"\s+$",
    ],
)
def test_a_pattern_that_takes_the_square_of_its_text_is_found(pattern: str) -> None:
    with pytest.raises((TimeoutError, AssertionError)):
        assert slowest_s(pattern, give_up_s=DEADLINE_S) < DEADLINE_S


def test_the_patterns_are_found() -> None:
    assert len(FOUND) >= 15
    assert any(where.startswith("domain/text/redaction.py") for where in FOUND)
