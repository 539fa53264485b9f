"""What a person types to train, to evaluate and to set our figures beside a paper's, end to end on a small data set."""

import json
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import pytest
import torch
from typer.testing import CliRunner, Result

from detectors.models import weights
from lab.training.augment.degradation_ladders import blur
from lab.training.measures import agreement
from lab.training.measures.correlations import bootstrap_interval
from lab.training.paper_table import PaperTable, ReproductionOptions, TableResult, TableRow
from lab.training.pictures import decode_picture
from lab.training.saliency_iqa import recipe
from lab.training.surveillance_iqa.recipe import SURVEILLANCE_IQA
from lab.training.training_loop import LOG
from sightline.cli.main import app
from tests.unit.lab.training.saliency_iqa.biq2021_checkout import checkout
from tests.unit.lab.training.saliency_iqa.pretrained_files import write_random_weights

MEASURES = ("srocc", "plcc", "krcc", "rmse", "mae", "plcc_fitted", "rmse_fitted")
TINY = ("--set", "epochs=1", "--set", "batch=32", "--set", "frozen_blocks=18", "--threads", "1")


@pytest.fixture(autouse=True)
def _intervals_of_fifty_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand draws for each of seven measures take seconds; what they are is held by test_correlations.py."""
    monkeypatch.setattr(agreement, "bootstrap_interval", partial(bootstrap_interval, draws=50))


def sightline(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@dataclass(frozen=True)
class Trained:
    """A finished training of one step a stage: the command, what it printed, and where the data lie."""

    command: tuple[object, ...]
    printed: str
    data: Path

    @property
    def weights(self) -> Path:
        return Path(self.printed.strip().splitlines()[-1])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("training")
    data = checkout(folder)
    places = ("--data", data, "--folder", folder / "runs", "--start", write_random_weights(folder, recipe.BACKBONE))
    command = ("train", "saliency_iqa", "biq2021", *places, *TINY)
    ran = sightline(*command)
    assert ran.exit_code == 0, ran.output
    return Trained(command, ran.stdout, data)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return checkout(tmp_path)


def test_what_was_trained_is_judged_with_every_measure(trained: Trained, tmp_path: Path) -> None:
    assert trained.weights.parts[-2:] == ("saliency_iqa-biq2021", "saliency_iqa.safetensors")
    plot = tmp_path / "scatter.png"
    asked = ("--data", trained.data, "--weights", trained.weights, "--json", "--plot", plot)
    ran = sightline("evaluate", "saliency_iqa", "biq2021", *asked)
    assert ran.exit_code == 0, ran.output
    answer = json.loads(ran.stdout)
    told = [answer[name] for name in ("model", "dataset", "half", "score", "n")]
    assert told == ["saliency_iqa", "biq2021", "validation", "mos", 11]
    assert answer["weights"] == weights.sha256(trained.weights)
    assert set(MEASURES) <= answer.keys()
    assert set(MEASURES) == answer["intervals"].keys()
    low, high = answer["intervals"]["rmse"]
    assert low <= answer["rmse"] <= high
    assert cv2.imread(str(plot)) is not None


def test_a_finished_training_is_not_done_again(trained: Trained) -> None:
    first, notes = weights.read_weights(trained.weights)
    log = (trained.weights.parent / "global" / LOG).read_text()
    assert sightline(*trained.command).exit_code == 0
    again, notes_again = weights.read_weights(trained.weights)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert notes == notes_again
    assert (trained.weights.parent / "global" / LOG).read_text() == log


def test_a_folder_with_another_training_is_refused(trained: Trained) -> None:
    ran = sightline(*trained.command, "--seed", "8")
    assert ran.exit_code == 2
    assert "choose another folder" in ran.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nonsense", "biq2021"), "no model 'nonsense'"),
        (("saliency_iqa", "nonsense"), "no data set 'nonsense'"),
        (("saliency_iqa", "csiq"), "saliency_iqa does not learn from csiq"),
        (("saliency_iqa", "biq2021"), "give --start"),
        (("saliency_iqa", "biq2021", "--set", "speed=9"), "no option 'speed'"),
        (("saliency_iqa", "biq2021", "--set", "epochs=few"), "not a number"),
        (("saliency_iqa", "biq2021", "--set", "epochs"), "expected NAME=VALUE"),
    ],
)
def test_what_cannot_be_trained_is_refused_at_once(
    arguments: tuple[str, ...], told: str, tmp_path: Path, data: Path
) -> None:
    ran = sightline("train", *arguments, "--data", data, "--folder", tmp_path / "runs")
    assert ran.exit_code == 2
    assert told in ran.output
    assert not list(tmp_path.rglob("*.npy"))


def test_missing_data_are_named(tmp_path: Path) -> None:
    ran = sightline("evaluate", "saliency_iqa", "biq2021", "--data", tmp_path)
    assert ran.exit_code == 2
    assert "Train (Images and MOS).csv is missing" in ran.output


def test_evaluation_speaks_to_people_too(trained: Trained) -> None:
    asked = ("--data", trained.data, "--half", "test", "--weights", trained.weights)
    ran = sightline("evaluate", "saliency_iqa", "biq2021", *asked)
    assert ran.exit_code == 0, ran.output
    lines = [line.split() for line in ran.stdout.splitlines()]
    assert [line[1] for line in lines] == [*MEASURES, "n", "not"]
    assert lines[-2:] == [["mos", "n", "8"], ["mos", "not", "assessable", "0"]]


def test_the_tables_are_listed_and_one_is_reproduced_beside_the_papers_figures(tmp_path: Path, data: Path) -> None:
    assert "biq2021" in sightline("reproduce", "--list").stdout
    written, plot = tmp_path / "rows.json", tmp_path / "scatter.png"
    ran = sightline(
        "reproduce",
        "biq2021",
        "--data",
        data.parent,
        "--folder",
        tmp_path,
        "--half",
        "validation",
        "--json",
        written,
        "--plot",
        plot,
    )
    assert ran.exit_code == 0, ran.output
    table = json.loads(written.read_text())
    assert table["half"] == "validation"
    rows = {row["name"]: row for row in table["rows"]}
    assert rows["DeepEns (an ensemble)"]["paper"] == {"srocc": 0.7922, "plcc": 0.8098}
    assert rows["DeepEns (an ensemble)"]["ours"] == {}
    ours = rows[recipe.SALIENCY_IQA.title]["ours"]
    assert ours.keys() == {"srocc", "plcc", "krcc", "rmse"}
    assert all(row["ours"] or row["note"] for row in rows.values())
    untrained = rows[SURVEILLANCE_IQA.title]
    assert untrained["ours"] == {}
    assert untrained["note"].startswith("not run")
    assert cv2.imread(str(plot)) is not None
    assert f"{ours['srocc']:.4f}" in ran.stdout


def test_reproduce_says_what_it_needs(tmp_path: Path) -> None:
    assert "give a TABLE and --data" in sightline("reproduce").output
    ran = sightline("reproduce", "nonsense", "--data", tmp_path)
    assert ran.exit_code == 2
    assert "no table 'nonsense'" in ran.output
    ran = sightline("reproduce", "biq2021", "--data", tmp_path, "--set", "epochs=1")
    assert ran.exit_code == 2
    assert "leave out --set" in ran.output


def test_a_tables_plan_is_set_and_its_intervals_and_note_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[ReproductionOptions] = []

    def made(setting: ReproductionOptions) -> TableResult:
        asked.append(setting)
        return TableResult(
            (TableRow("w = 0.2", {"srocc": 0.9}, {"srocc": 0.81234}, "", {"srocc": (0.8, 0.82)}),), note="n 9"
        )

    table = PaperTable("small", "A table", "a paper", (), ("srocc",), made, settable=True)
    monkeypatch.setattr("lab.training.table_catalogue.TABLES", {"small": table})
    written = tmp_path / "rows.json"
    ran = sightline("reproduce", "small", "--data", tmp_path, "--set", "epochs=1", "--json", written)
    assert ran.exit_code == 0, ran.output
    assert asked[0].options == {"epochs": "1"}
    assert "0.8123 (0.800 to 0.820)" in ran.stdout
    assert "n 9" in ran.output
    stored = json.loads(written.read_text())
    assert stored["note"] == "n 9"
    assert stored["rows"][0]["intervals"] == {"srocc": [0.8, 0.82]}


REAL_TINY = ("--set", "epochs=1", "--set", "batch=16", "--set", "frozen_blocks=18", "--threads", "1")
KADID_GAUSSIAN_BLUR = (4.61, 4.38, 2.91, 1.87, 1.3)
"""Mean opinions of KADID-10k's five levels of Gaussian blur, over its 81 references."""


def photographs(root: Path, shared: Path) -> Path:
    """KADID-10k in small: real photographs, blurred ever more, with the mean real opinion of that level."""
    (root / "images").mkdir(parents=True)
    lines = ["dist_img,ref_img,dmos,var"]
    for path in sorted((shared / "images" / "kodak24").glob("*.png"))[:6]:
        picture = decode_picture(path)[:512, :512]
        for level, (sigma, opinion) in enumerate(zip((0.5, 1.2, 2.4, 4.0, 6.0), KADID_GAUSSIAN_BLUR, strict=True)):
            name = f"{path.stem}_01_{level + 1:02}.png"
            cv2.imwrite(str(root / "images" / name), blur(picture, sigma)[..., ::-1])
            lines.append(f"{name},{path.name},{opinion},0.5")
    (root / "dmos.csv").write_text("\n".join(lines) + "\n")
    return root


@pytest.mark.data
def test_real_photographs_are_trained_on_and_the_bundled_weights_rank_them(tmp_path: Path) -> None:
    if "SIGHTLINE_DATA" not in os.environ:
        pytest.skip("set SIGHTLINE_DATA to the shared data folder")
    shared = Path(os.environ["SIGHTLINE_DATA"])
    folder = photographs(tmp_path / "kadid10k", shared)
    start = shared / "reference-models" / "mobilenet_v2_imagenet_int8.tflite"
    places = ("--data", tmp_path, "--folder", tmp_path / "runs", "--start", start)
    ran = sightline("train", "saliency_iqa", "kadid10k", *places, *REAL_TINY, "--set", "backbone=mobilenet_v2")
    assert ran.exit_code == 0, ran.output
    ran = sightline("evaluate", "saliency_iqa", "kadid10k", "--data", folder, "--half", "all", "--json")
    answer = json.loads(ran.stdout)
    assert answer["n"] == 30
    assert answer["srocc"] > 0.8
