from pathlib import Path

from sightline.standalone.inputs import ScoreInput, UnusableInput, find_inputs


def test_a_folder_yields_its_pictures_and_recordings_by_name_at_any_depth(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("b/2.MP4", "a.jpg", "notes.txt", "c.mkv"):
        (tmp_path / name).touch()

    found = list(find_inputs([str(tmp_path)]))

    assert found == [
        ScoreInput(str(tmp_path / "a.jpg"), is_picture=True),
        ScoreInput(str(tmp_path / "b" / "2.MP4")),
        ScoreInput(str(tmp_path / "c.mkv")),
    ]


def test_a_file_named_outright_is_tried_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "recording").touch()

    assert list(find_inputs([str(tmp_path / "recording")])) == [ScoreInput(str(tmp_path / "recording"))]


def test_addresses_of_cameras_have_no_end_of_their_own() -> None:
    assert list(find_inputs(["rtsp://h/1", "file:///a.mp4"])) == [
        ScoreInput("rtsp://h/1", is_live=True),
        ScoreInput("file:///a.mp4"),
    ]


def test_what_is_not_there_is_named_in_its_place(tmp_path: Path) -> None:
    found = list(find_inputs([str(tmp_path / "none"), "rtsp://h/1", str(tmp_path)]))

    assert isinstance(found[0], UnusableInput)
    assert isinstance(found[1], ScoreInput)
    assert found[2] == UnusableInput(str(tmp_path), "no pictures or videos in this folder")
