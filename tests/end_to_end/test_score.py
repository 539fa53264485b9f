"""`sightline score` on recordings made here, from the command line to the JSON."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from domain.quality import Fault
from sightline.cli import app
from tests.end_to_end.clips import write_clip, write_picture

SECONDS, FPS = 9, 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    write_clip(folder / "scene.mp4", seconds=SECONDS, fps=FPS)
    return folder


def score(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["score", *map(str, arguments)])


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_json_is_one_object_a_frame_with_every_fault_answered(folder: Path) -> None:
    result = score("--json", folder / "scene.mp4")

    assert result.exit_code == 0, result.output
    frames = lines(result)
    assert len(frames) == pytest.approx(SECONDS, abs=1)
    assert [frame["pts_s"] for frame in frames] == sorted(frame["pts_s"] for frame in frames)
    for frame in frames:
        assert frame["source"] == str(folder / "scene.mp4")
        assert set(frame["verdicts"]) == {fault.value for fault in Fault}
        assert all(isinstance(value, float) for value in frame["scores"].values())
        for verdict in frame["verdicts"].values():
            assert verdict["state"] in {"ok", "fault", "not_assessable"}
            assert verdict["state"] == "ok" or verdict["reason"]


def test_a_clean_recording_is_found_clean_and_judged_before_long(folder: Path) -> None:
    frames = lines(score("--json", folder / "scene.mp4"))

    assert not [v for frame in frames for v in frame["verdicts"].values() if v["state"] == "fault"]
    for frame in frames:
        without_reference = ("black", "too_dark", "blur", "noise") if frame["pts_s"] >= 3 else ()
        with_reference = ("freeze", "covered", "camera_moved") if frame["pts_s"] >= 7 else ()
        for fault in (*without_reference, *with_reference):
            assert frame["verdicts"][fault]["state"] == "ok", (fault, frame["pts_s"])


def test_every_seconds_and_all_frames_choose_what_they_say(folder: Path) -> None:
    every_three = [frame["pts_s"] for frame in lines(score("--json", "--every", "3", folder / "scene.mp4"))]

    assert [later - earlier for earlier, later in pairwise(every_three)] == pytest.approx([3, 3], abs=0.4)
    assert len(lines(score("--json", "--all-frames", folder / "scene.mp4"))) == SECONDS * FPS


def test_the_same_frame_scores_the_same_whatever_was_judged_beside_it(folder: Path) -> None:
    every = {frame["pts_s"]: frame["scores"] for frame in lines(score("--json", "--all-frames", folder / "scene.mp4"))}
    temporal = ("change_", "shift", "flicker")

    for frame in lines(score("--json", "--every", "2", folder / "scene.mp4")):
        for metric, value in frame["scores"].items():
            if not metric.startswith(temporal):
                assert value == pytest.approx(every[frame["pts_s"]][metric], rel=1e-4, abs=1e-6), metric


def test_without_json_each_source_is_summed_up(folder: Path) -> None:
    result = score(folder / "scene.mp4")

    assert result.exit_code == 0
    assert "frames, no fault found" in result.stdout
    assert f"of {len(Fault)} checks made" in result.stdout
    assert "not assessable: signal_loss" in result.stdout


def test_a_picture_is_judged_by_its_single_sample(tmp_path: Path) -> None:
    write_picture(tmp_path / "one.png")

    (frame,) = lines(score("--json", tmp_path / "one.png"))

    assert frame["verdicts"]["blur"]["state"] == "ok"
    assert frame["verdicts"]["freeze"]["state"] == "not_assessable"


def test_a_folder_is_judged_by_name_and_a_bad_file_does_not_stop_the_others(folder: Path, tmp_path: Path) -> None:
    write_picture(tmp_path / "a.jpg")
    (tmp_path / "b.mp4").write_bytes(b"this is no film" * 100)
    whole = (folder / "scene.mp4").read_bytes()
    (tmp_path / "c.mp4").write_bytes(whole[: len(whole) // 2])
    write_picture(tmp_path / "d.png")
    (tmp_path / "notes.txt").write_text("not a picture", encoding="utf-8")

    result = score("--json", tmp_path)

    assert result.exit_code == 1
    errors = result.stderr.splitlines()
    assert len(errors) == 2
    assert "b.mp4" in errors[0]
    assert "c.mp4" in errors[1]
    assert [Path(frame["source"]).name for frame in lines(result)] == ["a.jpg", "d.png"]


def test_what_is_not_there_is_one_line_and_the_rest_is_judged(folder: Path, tmp_path: Path) -> None:
    result = score(tmp_path / "nowhere.mp4", tmp_path, folder / "scene.mp4")

    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"error: {tmp_path}/nowhere.mp4: no such file or folder: check its name and where it is",
        f"error: {tmp_path}: no pictures or videos in this folder",
    ]
    assert "no fault found" in result.stdout


def test_the_settings_choose_which_models_judge_and_how_often(folder: Path) -> None:
    chosen = folder / "settings.yaml"
    chosen.write_text(
        "models: {saliency_iqa: {enabled: false}, detectability: {every_s: 2}, niqe: {enabled: true, every_s: 4}}"
    )
    frames = lines(score("--json", "--settings", chosen, folder / "scene.mp4"))

    with_key = {
        key: [frame["pts_s"] for frame in frames if key in frame["scores"]]
        for key in ("image_quality", "detectability", "niqe")
    }
    assert with_key["image_quality"] == []
    assert [round(pts) for pts in with_key["detectability"]] == [0, 2, 4, 6, 8]
    assert [round(pts) for pts in with_key["niqe"]] == [0, 4, 8]
