"""`sightline survey` of cameras as they are: alive, dead, refusing, one session each; and of pictures as cameras."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from sightline.cli.main import app
from simulation.cameras.served_cameras import ServedCamera
from tests.conftest import Serve
from tests.end_to_end.clips import write_clip

pytestmark = pytest.mark.slow
PASSWORD = "p@ss:w/1#hunter2"


def surveyed(out: Path, *arguments: str) -> list[dict[str, Any]]:
    result = CliRunner().invoke(app, ["survey", *arguments, "--format", "json", "--out", str(out), "--device", "cpu"])
    assert result.exit_code == 0, result.output
    assert "hunter2" not in result.output + out.read_text(encoding="utf-8")
    cameras: list[dict[str, Any]] = json.loads(out.read_bytes())["cameras"]
    return cameras


@pytest.mark.rtsp
def test_each_stream_is_visited_once_with_one_session_and_the_dead_ones_lead(tmp_path: Path, serve: Serve) -> None:
    clip = tmp_path / "scene.mp4"
    write_clip(clip, seconds=40, fps=5)
    server = serve(*(ServedCamera(f"c{number}", (clip,), user="admin", password=PASSWORD) for number in range(3)))
    login = "admin:p%40ss%3Aw%2F1%23hunter2"
    lines = ["name,url,site,group"]
    lines += [f"c{number},rtsp://{login}@127.0.0.1:{server.port}/c{number},north," for number in range(3)]
    lines += [f"locked,rtsp://admin:wrong@127.0.0.1:{server.port}/c0,north,", "gone,rtsp://127.0.0.1:9/x,south,"]
    table = tmp_path / "cameras.csv"
    table.write_text("\n".join(lines), encoding="utf-8")

    found = surveyed(tmp_path / "s.json", str(table), "--for", "12")

    assert [each["name"] for each in found[:2]] == ["locked", "gone"]
    assert [each["findings"][0]["fault"] for each in found[:2]] == ["login_refused", "signal_loss"]
    for each in found[2:]:
        assert each["frames"] >= 4
        assert each["checks_made"] >= 8
        assert "frames/s" in each["stream"]
        assert any("baseline" in reason for reason in each["not_judged"])
    for number in range(1, 3):
        sessions = server.sessions(f"c{number}")
        assert (sessions.peak, sessions.opened) == (1, 1)


def test_pictures_and_recordings_are_cameras_too(tmp_path: Path) -> None:
    stills = tmp_path / "north"
    stills.mkdir()
    scene = np.random.default_rng(1).integers(0, 255, (36, 44, 3), np.uint8)
    sharp = cv2.resize(scene, (352, 288), interpolation=cv2.INTER_CUBIC)
    cv2.imwrite(str(stills / "good.jpg"), sharp)
    cv2.imwrite(str(stills / "black.jpg"), np.zeros_like(sharp))
    (stills / "broken.jpg").write_bytes(b"\xff\xd8 no picture")

    found = {each["name"]: each for each in surveyed(tmp_path / "s.json", str(stills))}

    assert (found["black"]["state"], found["black"]["why_not_judged"]) == ("not_judged", "scene unlit")
    assert found["broken"]["state"] == "not_judged"
    assert found["broken"]["why_not_judged"]
    assert {each["site"] for each in found.values()} == {"north"}
    assert not any("connection" in reason for reason in found["good"]["not_judged"])


def test_thumbnails_are_drawn_only_where_pictures_are_allowed(tmp_path: Path) -> None:
    still = tmp_path / "yard.jpg"
    cv2.imwrite(str(still), np.full((48, 64, 3), 90, np.uint8))
    page = tmp_path / "s.html"
    plain = CliRunner().invoke(app, ["survey", str(still), "--out", str(page), "--device", "cpu"])
    assert plain.exit_code == 0, plain.output
    assert "<img" not in page.read_text(encoding="utf-8")
    shown = CliRunner().invoke(app, ["survey", str(still), "--thumbnails", "--out", str(page), "--device", "cpu"])
    assert shown.exit_code == 0, shown.output
    assert "data:image/jpeg;base64," in page.read_text(encoding="utf-8")
    settings = tmp_path / "s.yaml"
    settings.write_text("pictures: never\n", encoding="utf-8")
    refused = CliRunner().invoke(app, ["survey", str(still), "--thumbnails", "-s", str(settings)])
    assert refused.exit_code == 2
    assert "pictures: never" in refused.output


def test_nothing_to_visit_says_what_to_give(tmp_path: Path) -> None:
    settings = tmp_path / "s.yaml"
    settings.write_text("pictures: memory\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["survey", "-s", str(settings)])
    assert result.exit_code == 2
    assert "give a CSV" in result.output
