"""Fonts of the PDF: Helvetica for Latin letters, the readers' own Asian fonts for others; nothing is embedded.

A letter that none of them has is shown as a question mark; the HTML and CSV exports hold every name whole.
"""

from collections.abc import Iterator
from itertools import groupby

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont

PLAIN, BOLD = "Helvetica", "Helvetica-Bold"
_ASIAN = (("HeiseiKakuGo-W5", "shift_jis"), ("STSong-Light", "gb2312"), ("HYSMyeongJo-Medium", "euc_kr"))
"""Fonts every PDF reader brings, and the character set that each covers; the first also has Greek and Cyrillic."""


def register_fonts() -> None:
    """Make the fonts known; once for a process is enough."""
    known = set(pdfmetrics.getRegisteredFontNames())
    for name, _ in _ASIAN:
        if name not in known:
            pdfmetrics.registerFont(UnicodeCIDFont(name))


def has_letters(text: str) -> bool:
    """Return whether every letter can be shown."""
    return all(_font(letter, PLAIN) for letter in text)


def font_runs(text: str, *, bold: bool = False) -> Iterator[tuple[str, str]]:
    """Give (font, part of the text) in order; what no font has becomes a question mark."""
    latin = BOLD if bold else PLAIN
    for font, letters in groupby(text, lambda letter: _font(letter, latin)):
        shown = "".join(letters)
        yield (font, shown) if font else (latin, "?" * len(shown))


def font_of(text: str, *, bold: bool = False) -> tuple[str, str]:
    """Return one font for a whole line, and the line as that font can show it."""
    runs = list(font_runs(text, bold=bold))
    if len(runs) <= 1:
        return runs[0] if runs else (BOLD if bold else PLAIN, "")
    other = next(font for font, _ in runs if font not in (PLAIN, BOLD))
    charset = dict(_ASIAN)[other]
    return other, text.encode(charset, "replace").decode(charset)


def _font(letter: str, latin: str) -> str:
    if _fits(letter, "cp1252"):
        return latin
    return next((font for font, charset in _ASIAN if _fits(letter, charset)), "")


def _fits(letter: str, charset: str) -> bool:
    try:
        letter.encode(charset)
    except UnicodeEncodeError:
        return False
    return True
