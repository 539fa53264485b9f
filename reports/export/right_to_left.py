"""Hebrew and Arabic in the order and the forms in which they are drawn, for writers that draw letter after letter.

A line's worth of the Unicode bidirectional algorithm (UAX #9, without explicit marks) and of Arabic joining (Unicode
standard, chapter 9.2), for names of cameras and sites. Pure.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import groupby

_PRESENTATION = ((0xFB50, 0xFBFF), (0xFE70, 0xFEFC))
_NUMBER = re.compile(r"\d(?:[\d.,:/]*\d)?")
_MIRRORED = dict(zip("()[]{}<>«»", ")(][}{><»«", strict=True))


def draw_order(text: str) -> str:
    """Return text with its right-to-left parts joined and reversed; other text comes back as it is."""
    if not any(_direction(letter) == "R" for letter in text):
        return text
    clusters = _clusters(_join(text))
    kinds = [_direction(cluster[0]) for cluster in clusters]
    base = next(kind for kind in kinds if kind in "LR")
    theirs = _stretches(kinds, "R", "L") if base == "L" else [not one for one in _stretches(kinds, "L", "R")]
    runs = [(key, [clusters[at] for at in part]) for key, part in groupby(range(len(kinds)), theirs.__getitem__)]
    if base == "R":
        runs.reverse()
    return "".join(_reverse(part) if right_to_left else "".join(part) for right_to_left, part in runs)


def _direction(letter: str) -> str:
    """Return L, R, N for a number, or "-" for what follows its neighbours."""
    kind = unicodedata.bidirectional(letter)
    return {"L": "L", "R": "R", "AL": "R", "EN": "N", "AN": "N"}.get(kind, "-")


def _clusters(text: str) -> Sequence[str]:
    """Return letters with the marks that stand on them."""
    found: list[str] = []
    for letter in text:
        if found and unicodedata.combining(letter):
            found[-1] += letter
        else:
            found.append(letter)
    return found


def _stretches(kinds: Sequence[str], own: str, other: str) -> list[bool]:
    """Return which places go with letters of direction `own`: these, what lies between, and numbers behind them."""
    found = [False] * len(kinds)
    for at, kind in enumerate(kinds):
        if kind == own:
            end = next((later for later in range(at + 1, len(kinds)) if kinds[later] == other), len(kinds))
            last = max(later for later in range(at, end) if kinds[later] in (own, "N"))
            found[at : last + 1] = [True] * (last + 1 - at)
    return found


def _reverse(part: Sequence[str]) -> str:
    """Return a right-to-left part from its left end, with numbers as they are read and brackets mirrored."""
    turned = "".join(_MIRRORED.get(cluster, cluster) for cluster in reversed(part))
    return _NUMBER.sub(lambda number: number[0][::-1], turned)


@cache
def _forms() -> Mapping[tuple[str, str], str]:
    """Return presentation forms by (letters, form), from the Unicode database."""
    forms: dict[tuple[str, str], str] = {}
    for first, last in _PRESENTATION:
        for code in range(first, last + 1):
            form, *letters = unicodedata.decomposition(chr(code)).split() or [""]
            if form in ("<isolated>", "<initial>", "<medial>", "<final>"):
                forms.setdefault(("".join(chr(int(each, 16)) for each in letters), form), chr(code))
    return forms


def _join(text: str) -> str:
    """Return Arabic letters in the forms in which they join their neighbours; lam and alef become one."""
    forms, letters = _forms(), _merge(_clusters(text))
    joins_next = [(cluster[0], "<initial>") in forms for cluster in letters]
    shown = []
    for at, cluster in enumerate(letters):
        base = cluster[0] if (cluster[:2], "<isolated>") not in forms else cluster[:2]
        after = at > 0 and joins_next[at - 1] and (base, "<final>") in forms
        before = at + 1 < len(letters) and joins_next[at] and len(base) == 1 and _has_final(letters[at + 1])
        form = {(True, True): "<medial>", (True, False): "<final>", (False, True): "<initial>"}.get(
            (after, before), "<isolated>"
        )
        shown.append(forms.get((base, form), base) + cluster[len(base) :])
    return "".join(shown)


def _merge(clusters: Sequence[str]) -> Sequence[str]:
    merged: list[str] = []
    for cluster in clusters:
        if merged and (merged[-1] + cluster[0], "<isolated>") in _forms() and len(merged[-1]) == 1:
            merged[-1] += cluster
        else:
            merged.append(cluster)
    return merged


def _has_final(cluster: str) -> bool:
    return (cluster[0], "<final>") in _forms() or (cluster[:2], "<final>") in _forms()
