"""The data sets of faces are read as distributed, and what is missing in them is named."""

import csv
import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from domain.errors import ConfigError
from lab.training.dataset_splits import split_into_folds
from lab.training.datasets import find_dataset
from lab.training.datasets.faces.gfiqa20k import TABLE
from lab.training.samples import Sample

SHARED = os.environ.get("SIGHTLINE_DATA")


def files(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()


def table(path: Path, *rows: Sequence[object]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def bench(root: Path) -> list[Sample]:
    files(root / "images", "a.png", "b.png")
    header = ("image", "noise", "sharpness", "colorfulness", "contrast", "fidelity", "overall")
    table(root / "labels.csv", header, ("a.png", 4.5, 3, 4, 2.5, 3.5, 3.2), ("b.png", 1, 2, 3, 4, 5, 3))
    return find_dataset("sfiqa-bench").read(root)


def test_sfiqa_bench_has_six_opinions_a_face(tmp_path: Path) -> None:
    first, second = bench(tmp_path)
    expected = {"noise": 4.5, "sharpness": 3, "colourfulness": 4, "contrast": 2.5, "fidelity": 3.5, "overall": 3.2}
    assert first.scores == expected
    assert list(first.scores) == list(find_dataset("sfiqa-bench").scales)
    assert (first.scene, second.scene) == ("a", "b")


def test_faces_of_one_person_share_a_scene(tmp_path: Path) -> None:
    files(tmp_path / "images", "a.png", "b.png")
    header = ("image", "person", "noise", "sharpness", "colorfulness", "contrast", "fidelity", "overall")
    table(tmp_path / "labels.csv", header, *((name, "p7", 1, 1, 1, 1, 1, 1) for name in ("a.png", "b.png")))
    assert {sample.scene for sample in find_dataset("sfiqa-bench").read(tmp_path)} == {"p7"}


def test_gfiqa_reads_its_csv_and_two_faces_of_one_photograph_share_a_scene(tmp_path: Path) -> None:
    files(tmp_path / "image", "831481558_0.png", "831481558_1.png")
    table(
        tmp_path / "mos_val_rating.csv",
        ("img_name", "mos", "std"),
        ("831481558_0.png", 0.529923862, 0.1),
        ("831481558_1.png", 0.25, 0.1),
    )
    read = find_dataset("gfiqa-20k").read(tmp_path)
    assert [sample.scores["mos"] for sample in read] == [0.529923862, 0.25]
    assert {sample.scene for sample in read} == {"831481558"}


@pytest.mark.data
@pytest.mark.skipif(SHARED is None, reason="set SIGHTLINE_DATA to the shared data folder")
def test_gfiqas_real_table_is_read_whole(tmp_path: Path) -> None:
    lines = (Path(SHARED or "") / "mos" / TABLE).read_text(encoding="utf-8")
    (tmp_path / TABLE).write_text(lines, encoding="utf-8")
    names = [line.split(",")[0].rsplit("/", 1)[1] for line in lines.splitlines()[1:]]
    files(tmp_path / "image", *names)
    read = find_dataset("gfiqa-20k").read(tmp_path)
    assert len(read) == 19_998
    assert read[0].path.name == "831481558_0.png"
    assert read[0].scores["mos"] == 0.529923862
    for split in split_into_folds(read):
        sides = [{read[index].scene for index in side} for side in (split.train, split.validation, split.test)]
        assert sum(map(len, sides)) == len(set.union(*sides))
        shares = [len(side) / len(read) for side in (split.train, split.validation, split.test)]
        assert shares == pytest.approx([0.7, 0.1, 0.2], abs=0.002)


def cgfiqa(root: Path) -> None:
    for side, names in (("train", ["0.png", "1.png"]), ("val", ["2.png"]), ("test", ["3.png"])):
        files(root / side / "img", *names)
        label = {"Image": names, "MOS": [0.5 + 0.125 * int(name[0]) for name in names]}
        (root / side / "label.json").write_text(json.dumps(label), encoding="utf-8")


def test_cgfiqa_has_its_own_three_sides(tmp_path: Path) -> None:
    cgfiqa(tmp_path)
    read = find_dataset("cgfiqa-40k").read(tmp_path)
    assert [(sample.path.name, sample.split, sample.scores["mos"]) for sample in read] == [
        ("0.png", "train", 0.5),
        ("1.png", "train", 0.625),
        ("2.png", "validation", 0.75),
        ("3.png", "test", 0.875),
    ]


def test_columns_may_be_written_by_row_number(tmp_path: Path) -> None:
    cgfiqa(tmp_path)
    (tmp_path / "val" / "label.json").write_text('{"Image": {"0": "2.png"}, "MOS": {"0": 0.25}}', encoding="utf-8")
    assert find_dataset("cgfiqa-40k").read(tmp_path)[2].scores["mos"] == 0.25


@pytest.mark.parametrize("text", ["[]", '{"Image": ["2.png"]}', '{"Image": ["2.png"], "MOS": []}', "{"])
def test_labels_that_do_not_fit_are_named(tmp_path: Path, text: str) -> None:
    cgfiqa(tmp_path)
    (tmp_path / "val" / "label.json").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"val.label\.json"):
        find_dataset("cgfiqa-40k").read(tmp_path)


@pytest.mark.parametrize(
    ("name", "missing"),
    [("sfiqa-bench", "images"), ("gfiqa-20k", r"GFIQA\.txt"), ("cgfiqa-40k", r"train.label\.json")],
)
def test_what_is_missing_is_named(tmp_path: Path, name: str, missing: str) -> None:
    with pytest.raises(ConfigError, match=missing):
        find_dataset(name).read(tmp_path)


def test_a_label_without_its_picture_is_named(tmp_path: Path) -> None:
    bench(tmp_path)
    (tmp_path / "images" / "b.png").unlink()
    with pytest.raises(ConfigError, match=r"b\.png"):
        find_dataset("sfiqa-bench").read(tmp_path)
