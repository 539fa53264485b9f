"""A table takes weights trained before only where they were trained as it asks."""

from pathlib import Path

import pytest

from domain.errors import ConfigError
from lab.training.dataset_splits import Split
from lab.training.datasets import find_dataset
from lab.training.face_quality import tables
from lab.training.face_quality.tables import BENCH, FaceQualityExperiment
from lab.training.paper_table import ReproductionOptions
from lab.training.recipe import TrainingJob
from lab.training.samples import Sample

MODEL = "sfiqa_mobilenet"
SAMPLES = [Sample(Path(f"{number}.png"), {}, str(number)) for number in range(4)]
SPLIT = Split((0, 1), (2,), (3,))


@pytest.fixture(autouse=True)
def trained(monkeypatch: pytest.MonkeyPatch) -> list[TrainingJob]:
    """The trainings that were begun; each writes a file and learns nothing."""
    jobs: list[TrainingJob] = []

    def train(model: str, job: TrainingJob) -> Path:
        jobs.append(job)
        path = job.folder / f"{model}.safetensors"
        path.write_bytes(b"")
        return path

    monkeypatch.setattr(tables, "train_model", train)
    return jobs


def experiment(runs: Path, start: Path | None = None, half: str = "test") -> FaceQualityExperiment:
    setting = ReproductionOptions(runs / "data", runs, start=start, half=half)
    return FaceQualityExperiment(setting, find_dataset(BENCH), SAMPLES)


def test_the_same_training_is_done_once(tmp_path: Path, trained: list[TrainingJob]) -> None:
    for _ in range(2):
        experiment(tmp_path).weights(MODEL, SPLIT, "fold-0", epochs="2")
    assert len(trained) == 1


@pytest.mark.parametrize("other", [{"epochs": "3"}, {"epochs": "2", "views": "compact"}])
def test_weights_of_other_options_are_refused(tmp_path: Path, other: dict[str, str]) -> None:
    experiment(tmp_path).weights(MODEL, SPLIT, "fold-0", epochs="2")
    with pytest.raises(ConfigError, match="choose another folder"):
        experiment(tmp_path).weights(MODEL, SPLIT, "fold-0", **other)


def test_weights_of_another_start_or_other_pictures_are_refused(tmp_path: Path) -> None:
    starts = [tmp_path / "one.safetensors", tmp_path / "two.safetensors"]
    for number, path in enumerate(starts):
        path.write_bytes(bytes([number]))
    experiment(tmp_path, starts[0]).weights(MODEL, SPLIT, "fold-0")
    with pytest.raises(ConfigError, match="choose another folder"):
        experiment(tmp_path, starts[1]).weights(MODEL, SPLIT, "fold-0")
    with pytest.raises(ConfigError, match="choose another folder"):
        experiment(tmp_path, starts[0]).weights(MODEL, Split((1, 3), (2,), (0,)), "fold-0")


def test_weights_that_do_not_say_how_they_were_trained_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / f"{BENCH}-fold-0"
    folder.mkdir()
    (folder / f"{MODEL}.safetensors").write_bytes(b"stale")
    with pytest.raises(ConfigError, match="does not say how it was trained"):
        experiment(tmp_path).weights(MODEL, SPLIT, "fold-0")


def test_a_table_is_judged_on_one_side_only(tmp_path: Path) -> None:
    assert experiment(tmp_path).test_samples(SPLIT) == [SAMPLES[3]]
    assert experiment(tmp_path, half="validation").test_samples(SPLIT) == [SAMPLES[2]]
    with pytest.raises(ConfigError, match="not on 'all'"):
        experiment(tmp_path, half="all").test_samples(SPLIT)
