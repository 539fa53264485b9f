"""What `sightline survey` takes for cameras."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sightline.cli.commands.survey import find_cameras
from sightline.cli.main import app
from sightline.config.settings import Settings


def names(*paths: Path) -> list[str]:
    return [camera.name for camera in find_cameras(paths, Settings())]


def written(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"a picture")


def test_files_of_one_name_in_folders_of_sites_are_cameras_of_their_own(tmp_path: Path) -> None:
    north, south = tmp_path / "north", tmp_path / "south"
    written(north / "ch01.jpg", north / "gate.jpg", south / "ch01.jpg", south / "ch02.jpg", south / "ch02.png")
    assert names(tmp_path) == ["north ch01.jpg", "gate", "south ch01.jpg", "south ch02.jpg", "south ch02.png"]


def test_folders_of_one_name_are_told_apart_by_a_number_within_the_length_of_a_name(tmp_path: Path) -> None:
    long = f"{'c' * 200}.jpg"
    written(*(tmp_path / recorder / "monday" / long for recorder in "abc"))
    found = names(tmp_path)
    assert len(set(found)) == 3
    assert {len(name) for name in found} == {120}
    assert [name[-2:] for name in found[1:]] == [" 2", " 3"]


def test_a_file_named_twice_is_visited_once(tmp_path: Path) -> None:
    written(tmp_path / "north" / "gate.jpg")
    assert names(tmp_path, tmp_path / "north" / "gate.jpg", tmp_path / "north") == ["gate"]


def test_a_name_of_a_list_is_kept_and_a_file_gets_another(tmp_path: Path) -> None:
    written(tmp_path / "north" / "gate.jpg")
    table = tmp_path / "cameras.csv"
    table.write_text("name,url\ngate,rtsp://192.0.2.1/x\n", encoding="utf-8")
    assert names(tmp_path / "north", table) == ["gate", "north gate.jpg"]


@pytest.mark.parametrize("content", ["name,url\n", "\ufeffname;url;site\r\n;;\r\n"])
def test_a_list_without_a_camera_is_no_survey(tmp_path: Path, content: str) -> None:
    table, page = tmp_path / "cameras.csv", tmp_path / "page.html"
    table.write_text(content, encoding="utf-8")
    result = CliRunner().invoke(app, ["survey", str(table), "--out", str(page)])
    assert (result.exit_code, page.exists()) == (2, False)
    assert "names no camera" in result.output
