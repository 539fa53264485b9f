"""The one rule for names of cameras, sites and groups, and text that people see."""

import pytest

from domain.cameras import ConnectionState, StreamStatus
from domain.errors import ConfigError
from domain.messages import DeadLetter
from domain.text.names import clean_label, clean_line, clean_name
from domain.text.plain_text import escape_invisible, shorten_to_line
from tests.fakes.ports import START

UNFIT = [
    *("ga\nte", "ga\x1b[31mte", "gate\x00", "ga\x9b31mte", "north\u202egnp", "ga\u200bte", "ga\u200dte", "ga\u2028te"),
    *("\u3164", "ga\u115fte", "ga\u00a0te", "ga\ufe0fte", "ga\U000e0041te", "ga\ue000te", "ga\udc80te"),
    *(
        "[red]gate",
        "<b>gate",
        "=1+1",
        "+1",
        "-1",
        "@a",
        "gate@h",
        "a=b",
        "a\\b",
        "a|b",
        "a;b",
        'a"b',
        "a`b",
        ".",
        "..",
        ": ",
    ),
    *("x" * 121, "x" * 100_000),
]


@pytest.mark.parametrize("text", UNFIT)
def test_a_name_that_could_forge_or_hide_is_refused_without_being_shown(text: str) -> None:
    for rule in (clean_name, clean_label):
        with pytest.raises(ConfigError, match=r"^cameras\[1\]\.x: ") as refused:
            rule(text, where="cameras[1].x")
        assert len(str(refused.value)) < 200
        assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("gate", "gate"),
        (" Tor 3 - S\u00fcd ", "Tor 3 - S\u00fcd"),
        ("Su\u0308d", "S\u00fcd"),
        ("\u0926\u0930\u0935\u093e\u091c\u093c\u093e", "\u0926\u0930\u0935\u093e\u091c\u093c\u093e"),
        ("\u6771\u9580 2", "\u6771\u9580 2"),
        ("_a.b:c-1", "_a.b:c-1"),
        ("7", "7"),
        ("Tor #2 (innen), R&D +1 o'clock", "Tor #2 (innen), R&D +1 o'clock"),
        (
            "\u7384\u95a2\u3000\u30ab\u30e1\u30e9\uff08\u5317\uff09\u30fb\uff11",
            "\u7384\u95a2 \u30ab\u30e1\u30e9\uff08\u5317\uff09\u30fb\uff11",
        ),
    ],
)
def test_a_name_in_any_script_is_kept_in_one_form(given: str, kept: str) -> None:
    assert clean_name(given) == clean_label(given, where="site") == kept


def test_a_site_may_be_empty_and_say_more_than_a_name() -> None:
    assert clean_label("  ", where="site") == ""
    assert clean_label("R&D, hall 2/3 (north) +1 #4 o'clock", where="site") == "R&D, hall 2/3 (north) +1 #4 o'clock"
    with pytest.raises(ConfigError):
        clean_name("hall 2/3")
    with pytest.raises(ConfigError):
        clean_name(" ")


def test_a_reason_is_one_visible_line() -> None:
    assert clean_line(" ann@example.org: [sic] = 1 ", where="reason") == "ann@example.org: [sic] = 1"
    for text in ("a\nb", "a\x1bb", "a\u202eb", "x" * 501):
        with pytest.raises(ConfigError, match=r"^reason: "):
            clean_line(text, where="reason")


def test_what_cannot_be_seen_is_written_out() -> None:
    assert escape_invisible("plain, \u00fc and \u6771") == "plain, \u00fc and \u6771"
    assert escape_invisible("a\nb\x1b[31m\u202ec\x9bd\U000e0041\te") == r"a\nb\x1b[31m\u202ec\x9bd\U000e0041 e"
    assert escape_invisible("\u3164") == r"\u3164"


def test_a_foreign_text_becomes_one_short_line() -> None:
    assert shorten_to_line("  the answer\r\n is  no\tvideo ") == "the answer is no video"
    assert shorten_to_line("x\x1b]0;title\x07") == r"x\x1b]0;title\x07"
    long = shorten_to_line("a" * 1_000_000)
    assert len(long) == 300
    assert long.endswith("\u2026")
    assert len(shorten_to_line("\x1b" * 1_000_000)) == 300


FOREIGN = [
    ("the answer is no video: \x1b]0;owned\x07\r\n2026-01-01 error forged", "owned", "\\x1b]0;owned"),
    ("\u202e[red]gate[/] says rtsp://guard:hunter2@h/live: refused", "rtsp://***@h/live: refused", "[red]gate[/]"),
    ("Server: " + "A" * 1_000_000, "Server: AAA", "\u2026"),
]


@pytest.mark.parametrize(("text", "kept", "also"), FOREIGN)
def test_a_reason_is_clean_wherever_it_came_from(text: str, kept: str, also: str) -> None:
    status = StreamStatus("gate", "s", 0, START, ConnectionState.LOST, text)
    letter = DeadLetter("gate", "s", 0, START, text)

    for reason in (status.reason, letter.reason):
        assert reason.isprintable()
        assert len(reason) <= 300
        assert kept in reason
        assert also in reason
        assert "hunter2" not in reason
