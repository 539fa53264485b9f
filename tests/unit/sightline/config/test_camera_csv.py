from pathlib import Path

import pytest

from domain.errors import ConfigError
from sightline.config.camera_csv import MAX_CAMERAS, read_camera_csv, read_cameras


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


@pytest.mark.parametrize(
    "text",
    [
        "name;url;site;group;;\r\nTor #1;rtsp://u:p@h/1;;;;\r\n",
        "name;url;site;group\r\nTor #1;rtsp://u:p@h/1\r\n",
        '"name","url","site"\r\n"Tor #1","rtsp://u:p@h/1",""\r\n,,\r\n',
        "url,name,site\nrtsp://u:p@h/1,Tor #1,\n",
    ],
)
def test_cells_that_excel_adds_or_leaves_out_at_the_end_change_nothing(tmp_path: Path, text: str) -> None:
    cameras, problems = read_cameras(csv(tmp_path, text))

    assert problems == ()
    assert [(each.name, each.url, each.site, each.group) for each in cameras] == [("Tor #1", "rtsp://u:p@h/1", "", "")]


@pytest.mark.parametrize(
    "text",
    [
        "name,url\ngate,rtsp://h/1?password=12,\n",
        "name,url,site,group\ngate,rtsp://h/1?password=12,\n",
        "name,url,site\nhall, 2\n",
        "url,name,site\nrtsp://h/1?password=12\n",
        "url,site,name\nrtsp://u:1,2@h/1\n",
    ],
)
def test_a_line_that_may_have_lost_half_a_password_is_refused(tmp_path: Path, text: str) -> None:
    path = csv(tmp_path, text)
    cameras, problems = read_cameras(path)

    assert cameras == ()
    assert "put a value with a comma or a semicolon in quotes" in problems[0]
    assert "12" not in problems[0].removeprefix(str(path))


def test_each_wrong_line_is_named(tmp_path: Path) -> None:
    text = "name,url\ngate,rtsp://h/1\n,rtsp://h/2\nyard,exec:ls\ndoor,\ngate,rtsp://h/3\n"

    _, problems = read_cameras(csv(tmp_path, text))

    assert [problem.split("cameras.csv ")[1].split(",")[0] for problem in problems] == [
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
    ("row", "place"),
    [
        ("=HYPERLINK(1),rtsp://h/1,,", "column 1 (name)"),
        ("-@=cmd,rtsp://h/1,,", "column 1 (name)"),
        ("ga\x1b[31mte,rtsp://h/1,,", "column 1 (name)"),
        ("[red]gate,rtsp://h/1,,", "column 1 (name)"),
        ("gate,rtsp://h/1,north\u202egnp,", "column 3 (site)"),
        ("gate,rtsp://h/1,,=1+1", "column 4 (group)"),
        ('gate,rtsp://h/1,"north\nsouth",', "column 3 (site)"),
        ("gate,rtsp://h/\u200b1,,", "column 2 (url)"),
        ("gate,rtsp://u:pa,ss@h/1,north", "column 2 (url)"),
        ("gate,rtsp://u:12,34@h/1,north", "column 3 (site)"),
        ("gate,rtsp://h:554/user=a_password=12,34_channel=1.sdp,north", "column 3 (site)"),
        ("gate,rtsp://u:p,as,s@h/1,north", "column 4 (group)"),
        ("gate,rtsp://h/1,north", "column 4 (group)"),
        ("gate,rtsp://h/1,north,sw1,more", "column 4 (group)"),
        ("gate;rtsp://h/1;north;sw1", "column 2 (url)"),
    ],
)
def test_what_could_shift_or_forge_is_refused_by_line_and_column(tmp_path: Path, row: str, place: str) -> None:
    path = csv(tmp_path, f"name,url,site,group\nyard,rtsp://h/2,,\n{row}\n")
    cameras, (problem,) = read_cameras(path)

    assert [camera.name for camera in cameras] == ["yard"]
    said = problem.removeprefix(str(path))  # the folder's own number may hold what must not be said
    assert f"line 3, {place}" in said
    assert "34" not in said
    assert "ss@" not in said


def test_a_password_with_a_comma_and_a_quote_is_read_from_a_quoted_field(tmp_path: Path) -> None:
    cameras, problems = read_cameras(csv(tmp_path, 'name,url,site\ngate,"rtsp://u:pa,""ss@h/1","north, hall 2"\n'))

    assert problems == ()
    assert [(camera.url, camera.site) for camera in cameras] == [("rtsp://u:pa%2C%22ss@h/1", "north, hall 2")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'name,url\ngate,"rtsp://u:hunter2@h/1\n', "line 2: a quote is open"),
        (b'name,url\ngate,"rtsp://u:hunter2@h/1"x\n', "line 2: a quote is open, misplaced"),
        (b"name,url\ngate," + b"x" * 10_000 + b"\n", "line 2: a quote is open, misplaced, or its value too long"),
        (b"name,url,name\n", "column 'name' is there twice"),
        (b"name,url\n" + b"x" * (5 << 20), "is larger than 4096 KiB"),
        (b"\xff\xfen\x00a\x00m\x00e\x00", "is not UTF-8 text (line 1)"),
        (b"\x1bname\x1b,url\n", r"no column 'name'"),
    ],
)
def test_a_file_that_is_no_list_of_cameras_is_refused_in_one_sentence(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "cameras.csv"
    path.write_bytes(content)

    with pytest.raises(ConfigError) as refused:
        read_cameras(path)

    assert said in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert str(refused.value).isprintable()


def test_ten_thousand_wrong_lines_are_not_all_listed(tmp_path: Path) -> None:
    _, problems = read_cameras(csv(tmp_path, "name,url\n" + "gate\n" * 10_000))

    assert len(problems) == 51


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


def test_each_line_costs_the_same_and_a_file_of_too_many_cameras_is_refused_early(tmp_path: Path) -> None:
    path, asked = tmp_path / "cameras.csv", []

    def address(url: str, *, where: str) -> str:
        asked.append(where)
        return url

    def write(count: int) -> None:
        lines = "".join(f"c{number},rtsp://10.0.0.1/{number}\n" for number in range(count))
        path.write_text(f"name,url\n{lines}")

    write(500)
    cameras, problems = read_cameras(path, address)
    assert (len(cameras), problems, len(asked)) == (500, (), 500)
    asked.clear()
    write(100_000)
    with pytest.raises(ConfigError, match="names more than 20000 cameras; split it into several files"):
        read_cameras(path, address)
    assert len(asked) == MAX_CAMERAS + 1


@pytest.mark.parametrize(
    ("theirs", "text"),
    [
        ("Name, room, floor", '"Name, room, floor";url\r\ngate;rtsp://10.0.0.1/1\r\n'),
        ("Name; room; floor", '"Name; room; floor",url\r\ngate,rtsp://10.0.0.1/1\r\n'),
        ("Name\n(a, b, c)", '"Name\n(a, b, c)";url\r\ngate;rtsp://10.0.0.1/1\r\n'),
    ],
)
def test_a_mark_within_the_quotes_of_a_mapped_header_separates_nothing(theirs: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "cameras.csv"
    path.write_bytes(text.encode())
    (found,) = read_camera_csv(path, headers={theirs: "name"}).cameras
    assert (found.camera.name, found.camera.url) == ("gate", "rtsp://10.0.0.1/1")
