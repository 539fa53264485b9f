"""`sightline score` on recordings made here, from the command line to the JSON."""

import json
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from domain.faults import Fault
from domain.text.plain_text import escape_invisible
from sightline.cli.main import app
from simulation.films.film_writer import FilmWriter
from tests.end_to_end.clips import write_clip, write_picture

SECONDS, FPS = 9, 5
BARS = ((191, 191, 191), (191, 191, 0), (0, 191, 191), (0, 191, 0), (191, 0, 191), (191, 0, 0), (0, 0, 191))


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

    frames = lines(score("--json", "--every", "2", folder / "scene.mp4"))
    assert len(frames) >= 4
    for frame in frames:
        for metric, value in frame["scores"].items():
            if not metric.startswith(temporal):
                assert value == pytest.approx(every[frame["pts_s"]][metric], rel=1e-4, abs=1e-6), metric


def test_without_json_each_source_is_summed_up(folder: Path) -> None:
    result = score(folder / "scene.mp4")

    assert result.exit_code == 0
    assert "frames, no fault found" in result.stdout
    assert "of 27 checks made" in result.stdout
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


@pytest.mark.parametrize("name", ["gate:7.mp4", "concat:x.mp4", "-50%.mp4", os.fsdecode(b"\xff?#.mp4")], ids=ascii)
def test_a_name_is_a_name_whatever_it_looks_like(
    name: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes((folder / "scene.mp4").read_bytes())
    result = score("--every", "4", "--", name)
    assert result.exit_code == 0, result.output
    assert "3 frames, no fault found" in result.stdout
    assert lines(score("--json", "--every", "8", "--", name))[0]["source"] == escape_invisible(name)


def test_which_of_several_tracks_was_judged_is_said(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "two.mkv"
    with av.open(str(path), "w") as container, av.open(str(folder / "scene.mp4")) as scene:
        first = container.add_stream_from_template(scene.streams.video[0])
        second = container.add_stream_from_template(scene.streams.video[0])
        for packet in list(scene.demux(video=0)):
            if packet.size:
                copy = av.Packet(bytes(packet))
                copy.pts, copy.dts, copy.time_base = packet.pts, packet.dts, packet.time_base
                packet.stream, copy.stream = first, second
                container.mux(packet)
                container.mux(copy)
    result = score("--every", "4", path)
    assert "video track 1 of 2 (320x240) is judged" in result.stdout


@pytest.mark.parametrize("kind", ["colour bars", "grey", "blue"])
def test_bars_and_flat_colours_are_a_lost_signal_and_no_blocks(kind: str, tmp_path: Path) -> None:
    colours = {"grey": ((128, 128, 128),), "blue": ((0, 0, 200),)}.get(kind, BARS)
    columns = np.array(colours, np.uint8)[np.arange(640) * len(colours) // 640]
    with FilmWriter(tmp_path / "slate.mp4", (640, 360), 2) as writer:
        for _ in range(12):
            writer.add(np.ascontiguousarray(np.tile(columns, (360, 1, 1))), crf=30)
    last = lines(score("--json", tmp_path / "slate.mp4"))[-1]
    told = {fault for fault, verdict in last["verdicts"].items() if verdict["state"] == "fault"}
    assert Fault.PLACEHOLDER in told
    assert not told & {Fault.BLOCKINESS, Fault.CORRUPT_PICTURE}
    assert "the signal is lost" in last["verdicts"]["placeholder"]["reason"]


@pytest.mark.data
@pytest.mark.parametrize("name", ["two-privacy-masks.mp4", "cover_first.mp4"])
def test_nothing_is_found_in_healthy_recordings_that_were_once_misjudged(name: str, data_folder: Path) -> None:
    result = score(data_folder / "cases" / name)
    assert result.exit_code == 0, result.output
    assert "no fault found" in result.stdout
