"""From a folder of real faces with made labels to weights, figures and tables, by the commands people type."""

import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from detectors.models.face_quality.network import DIMENSIONS
from detectors.models.mtcnn import weights as mtcnn_weights
from detectors.models.mtcnn.cascade import Mtcnn
from lab.training.augment.face_distortions import Distortion, distort_face
from lab.training.face_quality import face_set
from lab.training.face_quality.paper_figures import TABLE_2, TABLE_3, TABLE_4, TABLE_6
from lab.training.face_quality.synthesis.distortion_labels import label_face
from lab.training.face_quality.tables import SFIQA_TABLES, SUMMARY, table_2, table_3, table_4, table_5, table_6
from lab.training.paper_table import ReproductionOptions
from lab.training.pictures import Pixels, decode_picture
from lab.training.table_catalogue import TABLES
from sightline.cli.main import app
from tests.unit.lab.training.face_quality.faces import bench

SHARED = os.environ.get("SIGHTLINE_DATA")
load_mtcnn_once = cache(mtcnn_weights.load_mtcnn)
MODEL = "sfiqa_mobilenet"
TINY = {"epochs": "1", "batch": "4", "rate": "1e-4", "frozen_blocks": "17", "views": "compact"}
FACES = 10
pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(SHARED is None, reason="set SIGHTLINE_DATA to the shared data folder"),
]


cut_central_face = face_set._cut_central_face
cut_before: dict[bytes, tuple[Pixels, NDArray[np.float32]]] = {}


@pytest.fixture(autouse=True)
def _faces_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every training and every table looks for the faces of the same ten pictures: MTCNN finds each of them once."""

    def cut_once(picture: Pixels, mtcnn: Mtcnn) -> tuple[Pixels, NDArray[np.float32]]:
        asked = picture.tobytes()
        if asked not in cut_before:
            cut_before[asked] = cut_central_face(picture, mtcnn)
        return cut_before[asked]

    monkeypatch.setattr(mtcnn_weights, "load_mtcnn", load_mtcnn_once)
    monkeypatch.setattr(face_set, "_cut_central_face", cut_once)


@dataclass(frozen=True)
class Folders:
    data: Path
    runs: Path

    @property
    def setting(self) -> ReproductionOptions:
        return ReproductionOptions(self.data, self.runs, repetitions=1)


def worsened() -> list[tuple[Pixels, list[float]]]:
    """Ten of the face-mask pictures, each defocused, noisy and discoloured to another degree, with the labels."""
    paths = sorted((Path(SHARED or "") / "faces" / "facemask").glob("*-photo.jpg"))[:FACES]
    made = []
    for number, path in enumerate(paths):
        generator = np.random.default_rng(number)
        strengths = {
            Distortion.FOCUS: number / FACES,
            Distortion.NOISE: float(generator.random()),
            Distortion.COLOUR: float(generator.random()),
        }
        face = distort_face(decode_picture(path).astype(np.float32) / np.float32(255), strengths, 0.5, generator)
        made.append((np.rint(face * 255).astype(np.uint8), label_face(strengths, 120.0).tolist()))
    return made


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """The three data sets in their own layouts, all of the same faces."""
    root = tmp_path_factory.mktemp("faces")
    data, made = root / "data", worsened()
    bench(data / "sfiqa-bench", [picture for picture, _ in made], [scores for _, scores in made])
    unit = [(scores[-1] - 1) / 4 for _, scores in made]
    (data / "gfiqa-20k" / "image").mkdir(parents=True)
    rows = ["img_name,mos"]
    sides: dict[str, list[tuple[str, float]]] = {"train": [], "val": [], "test": []}
    for number, (picture, _) in enumerate(made):
        rows.append(f"{number}_0.png,{unit[number]}")
        side = "train" if number < 6 else "val" if number < 7 else "test"
        sides[side].append((f"{number}.png", unit[number]))
        (data / "cgfiqa-40k" / side / "img").mkdir(parents=True, exist_ok=True)
        for path in (data / "gfiqa-20k/image" / f"{number}_0.png", data / f"cgfiqa-40k/{side}/img/{number}.png"):
            cv2.imwrite(str(path), picture[..., ::-1])
    (data / "gfiqa-20k" / "mos_val_rating.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    for side, members in sides.items():
        label = {"Image": [name for name, _ in members], "MOS": [mos for _, mos in members]}
        (data / "cgfiqa-40k" / side / "label.json").write_text(json.dumps(label), encoding="utf-8")
    return Folders(data, root / "runs")


def test_train_and_evaluate_by_the_command_line(folders: Folders) -> None:
    settings = [part for name, value in TINY.items() for part in ("--set", f"{name}={value}")]
    places = ["--data", str(folders.data), "--folder", str(folders.runs)]
    trained = CliRunner().invoke(app, ["train", MODEL, "sfiqa-bench", *places, *settings, "--threads", "1"])
    assert trained.exit_code == 0, trained.output
    weights = trained.stdout.strip().splitlines()[-1]
    asked = ["evaluate", MODEL, "sfiqa-bench", "--data", str(folders.data), "--weights", weights, "--json"]
    answered = CliRunner().invoke(app, [*asked, "--half", "all"])
    assert answered.exit_code == 0, answered.output
    found = json.loads(answered.stdout)
    assert found["score"] == "overall"
    assert set(found["scores"]) == {str(name) for name in DIMENSIONS}
    assert found["n"] == FACES
    assert -1 <= found["srocc"] <= 1


def test_an_option_that_is_not_understood_is_named(folders: Folders, tmp_path: Path) -> None:
    places = ["--data", str(folders.data), "--folder", str(tmp_path)]
    for option, named in (("backbone=vgg", "vgg"), ("views=side", "side"), ("speed=3", "speed")):
        ran = CliRunner().invoke(app, ["train", MODEL, "sfiqa-bench", *places, "--set", option])
        assert ran.exit_code != 0
        assert named in ran.output


def test_table_2_sets_five_folds_beside_the_papers_methods(folders: Folders) -> None:
    result = table_2(folders.setting, (MODEL,), TINY)
    ours = {row.name: row for row in result.rows if row.ours}
    assert list(ours) == [MODEL]
    assert set(ours[MODEL].ours) == set(TABLE_2["sfiqa_s"])
    assert "mean of 1 folds; no --start" in ours[MODEL].note
    assert [row.name for row in result.rows][:-1] == list(TABLE_2)
    assert len(result.scatters) == len(DIMENSIONS)


def test_tables_3_and_4_train_on_one_opinion_and_judge_across(folders: Folders) -> None:
    found = {row.name: row for row in table_3(folders.setting, MODEL, TINY).rows}
    assert set(found[MODEL].ours) == set(found["DSL-FIQA"].paper)
    crossed = table_4(folders.setting, MODEL, TINY)
    assert len(crossed.rows) == 2 * len(TABLE_4)
    assert all(set(row.ours) == {"srocc", "plcc"} for row in crossed.rows if MODEL in row.name)
    assert set(TABLE_3) <= set(found)


def test_tables_5_and_6_give_agreement_and_cost_by_row(folders: Folders) -> None:
    (row,) = table_5(folders.setting, ("mobilenet_v2",), TINY).rows
    assert row.ours["parameters (M)"] > 1
    assert set(row.ours) == set(SUMMARY)
    # After one step from nothing the two faces of a fold may be rated alike to the last bit, and agreement is NaN then.
    assert all(np.isnan(row.ours[measure]) or -1 <= row.ours[measure] <= 1 for measure in ("srocc", "plcc"))
    options = {name: value for name, value in TINY.items() if name != "views"} | {"backbone": "mobilenet_v2"}
    (row,) = table_6(folders.setting, ("without view fusion",), options).rows
    assert row.paper["parameters (M)"] == TABLE_6["without view fusion"][1][2]
    assert row.ours["gmacs"] > 0.5


def test_every_table_has_its_command() -> None:
    assert [table.name for table in SFIQA_TABLES] == [f"sfiqa-table-{number}" for number in range(2, 7)]
    assert all(TABLES[table.name] is table for table in SFIQA_TABLES)
