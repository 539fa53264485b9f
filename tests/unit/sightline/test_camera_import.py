from pathlib import Path

import pytest

from domain.errors import ConfigError
from sightline.camera_import import cell, read_cameras


def csv(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "cameras.csv"
    path.write_text(text, encoding=encoding)
    return path


def test_cameras_are_read_with_site_and_group(tmp_path: Path) -> None:
    cameras, problems = read_cameras(
        csv(tmp_path, "name,url,site,group\ngate,rtsp://h/1,north,sw1\nyard,rtsp://h/2,,\n")
    )

    assert problems == ()
    assert [(c.name, c.url, c.site, c.group) for c in cameras] == [
        ("gate", "rtsp://h/1", "north", "sw1"),
        ("yard", "rtsp://h/2", "", ""),
    ]


def test_spreadsheets_byte_order_mark_semicolons_and_column_order_are_understood(tmp_path: Path) -> None:
    cameras, problems = read_cameras(csv(tmp_path, "\ufeffURL;Name\nrtsp://h/1;gate\n"))

    assert problems == ()
    assert cameras[0].name == "gate"


def test_each_wrong_line_is_named(tmp_path: Path) -> None:
    text = "name,url\ngate,rtsp://h/1\n,rtsp://h/2\nyard,exec:ls\ndoor,\ngate,rtsp://h/3\n"

    _, problems = read_cameras(csv(tmp_path, text))

    assert [problem.split("cameras.csv ")[1].split(":")[0] for problem in problems] == [
        "line 3",
        "line 4",
        "line 5",
        "line 6",
    ]
    assert "exec" in problems[1]


def test_a_line_with_a_password_that_is_wrong_does_not_show_it(tmp_path: Path) -> None:
    _, problems = read_cameras(csv(tmp_path, "name,url\ngate,gopher://u:hunter2@h/1\n"))

    assert "hunter2" not in problems[0]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("=HYPERLINK(1)", "HYPERLINK(1)"),
        ("+1", "1"),
        ("-@=cmd", "cmd"),
        ("ga\x1b[31mte", "ga[31mte"),
        ("north\u202egnp", "northgnp"),
        (" gate ", "gate"),
    ],
)
def test_formulas_and_control_characters_are_neutralised(given: str, kept: str) -> None:
    assert cell(given) == kept


def test_a_wrong_header_names_the_columns(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no column 'url'; the columns are name, url, site, group"):
        read_cameras(csv(tmp_path, "name,adress\n"))
    with pytest.raises(ConfigError, match="unknown column 'colour'"):
        read_cameras(csv(tmp_path, "name,url,colour\n"))


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cameras.csv"
    path.write_bytes(b"name,url\nT\xfcr,rtsp://h\n")

    with pytest.raises(ConfigError, match="UTF-8"):
        read_cameras(path)
