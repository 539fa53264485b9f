"""Fonts of the PDF: Helvetica for western letters, DejaVu for others, the readers' own fonts for Asian letters.

DejaVu is in the package (`fonts/`) and embedded, as far as a document uses it: Latin, Greek, Cyrillic, Armenian,
Georgian, Hebrew and Arabic letters look the same everywhere. A letter that no font has (Thai, emoji) is shown as a
question mark; the HTML and CSV exports hold every name whole.
"""

from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont

from reports.export.right_to_left import draw_order

PLAIN, BOLD = "Helvetica", "Helvetica-Bold"
_FOLDER = Path(__file__).with_name("fonts")
_EMBEDDED = {PLAIN: "DejaVuSans", BOLD: "DejaVuSans-Bold"}
_ASIAN = (("HeiseiKakuGo-W5", "shift_jis"), ("STSong-Light", "gb2312"), ("HYSMyeongJo-Medium", "euc_kr"))
"""Fonts that readers of PDF bring, and the character set that each covers."""


@cache
def register_fonts() -> frozenset[int]:
    """Make the fonts known, once for a process; return the code points of the embedded ones."""
    for name, _ in _ASIAN:
        pdfmetrics.registerFont(UnicodeCIDFont(name))
    for name in _EMBEDDED.values():
        pdfmetrics.registerFont(TTFont(name, str(_FOLDER / f"{name}.ttf")))
    faces = [pdfmetrics.getFont(name).face.charToGlyph for name in _EMBEDDED.values()]
    return frozenset.intersection(*map(frozenset, faces))


def has_letters(text: str) -> bool:
    """Return whether every letter can be shown."""
    return all(_font(letter, PLAIN) for letter in text)


def needs_reader(text: str) -> bool:
    """Return whether some letters are shown by a font that the reader must have."""
    return any(_font(letter, PLAIN) in dict(_ASIAN) for letter in text)


def font_runs(text: str, *, bold: bool = False) -> Iterator[tuple[str, str]]:
    """Give (font, part of the text) in the order of drawing; what no font has becomes a question mark."""
    latin = BOLD if bold else PLAIN
    for font, letters in groupby(draw_order(text), lambda letter: _font(letter, latin)):
        shown = "".join(letters)
        yield (font, shown) if font else (latin, "?" * len(shown))


def font_of(text: str, *, bold: bool = False) -> tuple[str, str]:
    """Return one font for a whole line, and the line as that font can show it."""
    runs = list(font_runs(text, bold=bold))
    if len(runs) <= 1:
        return runs[0] if runs else (BOLD if bold else PLAIN, "")
    embedded, shown = _EMBEDDED[BOLD if bold else PLAIN], "".join(part for _, part in runs)
    asian = next((font for font, _ in runs if font in dict(_ASIAN)), "")
    if not asian:
        return embedded, "".join(letter if ord(letter) in register_fonts() else "?" for letter in shown)
    charset = dict(_ASIAN)[asian]
    return asian, shown.encode(charset, "replace").decode(charset)


def _font(letter: str, latin: str) -> str:
    if _fits(letter, "cp1252"):
        return latin
    if ord(letter) in register_fonts():
        return _EMBEDDED[latin]
    return next((font for font, charset in _ASIAN if _fits(letter, charset)), "")


def _fits(letter: str, charset: str) -> bool:
    try:
        letter.encode(charset)
    except UnicodeEncodeError:
        return False
    return True
