"""The evidence is measured as the card says, and the card says what was measured."""

import json
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from detectors.models.face_quality.network import (
    DIMENSIONS,
    Assessor,
    AssessorVariant,
    Dimension,
    FaceView,
    regress_overall,
)
from detectors.models.weights import locate_weights, read_manifest
from lab.training.augment.face_distortions import Distortion
from lab.training.face_quality import bundled_recipe
from lab.training.face_quality.__main__ import app
from lab.training.face_quality.evidence import heldout_eval
from lab.training.face_quality.evidence.clip_tracks import ConfidenceOrder
from lab.training.face_quality.evidence.heldout_eval import compute_shown_scores, measure_heldout, measure_ladders
from lab.training.face_quality.face_set import FaceSet
from lab.training.face_quality.model_card import FaceQualityFigures, FaceQualityProvenance, model_card
from lab.training.samples import Values
from tests.unit.lab.training.face_quality.faces import face_set, source

PROVENANCE = FaceQualityProvenance("two cores", 8, "2026-11-21", "None.")
NETWORK = Assessor(AssessorVariant("mobilenet_v2", (FaceView.COMPACT,), finest=1))


def brightness(_network: Assessor, faces: FaceSet) -> Values:
    """Stands in for a network: sharpness, and all else, is how far the compact view varies."""
    spread = np.array([float(view[1].std()) / 20 for view in np.asarray(faces.views)])
    return np.repeat(spread[:, None], len(DIMENSIONS), axis=1)


def test_what_is_shown_is_within_the_scale_and_overall_is_the_regression(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = np.array([[0.0, 2.0, 3.0, 4.0, 9.0, 1.0]])
    monkeypatch.setattr(heldout_eval, "predict_faces", lambda _network, _faces: answers.copy())
    scores = compute_shown_scores(NETWORK, face_set(1))
    assert scores[0, :5].tolist() == [1, 2, 3, 4, 5]
    assert scores[0, 5] == pytest.approx(regress_overall(torch.from_numpy(scores))[0].item())


def test_agreement_is_reported_for_each_dimension(monkeypatch: pytest.MonkeyPatch) -> None:
    faces = face_set(12)
    monkeypatch.setattr(heldout_eval, "predict_faces", lambda _network, known: np.array(known.labels, np.float64))
    found = measure_heldout(NETWORK, faces)
    assert list(found) == [str(name) for name in DIMENSIONS]
    assert found["sharpness"]["srocc"] == pytest.approx(1.0)
    assert found["sharpness"]["n"] == 12


def test_a_ladder_tells_whether_the_harmed_dimension_falls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Defocus takes the spread of the grey levels away, noise adds to it."""
    monkeypatch.setattr(heldout_eval, "predict_faces", brightness)
    found = measure_ladders(NETWORK, [source(tmp_path / "a.png")])
    assert set(found) == {str(name) for name in Distortion}
    assert found["focus"].dimension == Dimension.SHARPNESS
    assert (found["focus"].holds, found["focus"].n) == (1.0, 1)
    assert found["noise"].holds == 0.0
    assert found["noise"].mean_spearman > 0


def measured(srocc: float) -> FaceQualityFigures:
    agreement = {"n": 1200, "srocc": srocc, "plcc": 0.9, "krcc": 0.8, "rmse": 0.4, "mae": 0.3}
    ladder = {"dimension": "sharpness", "n": 20, "holds": 0.95, "mean_spearman": -0.97, "overall_holds": 1.0}
    rungs = {"scores": [4.6, 4.0, 3.1, 2.2, 1.4], "overall_scores": [4.8, 4.4, 3.9, 3.3, 2.8]}
    return FaceQualityFigures(
        held_out={str(name): {**agreement, "intervals": {"srocc": [0.81, 0.99]}} for name in DIMENSIONS},
        ladders={"focus": {**ladder, **rungs}},
        confidence=[
            asdict(ConfidenceOrder("street.mp4", 96.0, 9, 4, None, None, 0, None, None)),
            asdict(ConfidenceOrder("street.mp4", 48.0, 400, 40, 0.31, (0.02, 0.55), 12, 0.4, (0.1, 0.6))),
        ],
        counts={
            **{"training_sources": 241, "validation_sources": 21, "held_out_sources": 38},
            **{"training": 7000, "validation": 400, "held_out_faces": 1200},
        },
    )


@pytest.mark.parametrize(
    ("srocc", "verdict"), [(0.95, "Every dimension reaches the aim"), (0.85, "The aim of .9 is missed by noise")]
)
def test_the_card_says_where_the_labels_come_from_and_whether_the_aim_is_met(srocc: float, verdict: str) -> None:
    text = model_card("0" * 64, bundled_recipe.CYCLES, PROVENANCE, measured(srocc))
    assert "Trained on synthetic distortions" in text
    assert "it is circular" in text
    assert verdict in text
    assert f"| sharpness | 1200 | {srocc:.3f} (0.810 to 0.990) |" in text
    assert "| focus | sharpness | 95% | -0.97 | 4.6 4.0 3.1 2.2 1.4 | 100% | 4.8 4.4 3.9 3.3 2.8 |" in text
    assert "| street.mp4 | 96 | 9 | 4 | fewer than ten faces | 0 | no such face |" in text
    assert "| street.mp4 | 48 | 400 | 40 | 0.31 (0.02 to 0.55) | 12 | 0.40 (0.10 to 0.60) |" in text
    assert "{" not in text


def test_train_bundle_and_card_by_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs, target = tmp_path / "runs", tmp_path / "weights"
    (tmp_path / "faces").mkdir()
    target.mkdir()
    cv2.imwrite(str(tmp_path / "faces" / "a.jpg"), np.zeros((8, 8, 3), np.uint8))
    monkeypatch.setattr(bundled_recipe, "VARIANT", NETWORK.variant)
    monkeypatch.setattr(bundled_recipe, "find_sources", lambda *_: [source(tmp_path / "a.png", "facemask")])
    monkeypatch.setattr(
        bundled_recipe, "make_face_sets", lambda *_: bundled_recipe.FaceSets(face_set(16), face_set(4), face_set(4))
    )
    monkeypatch.setattr(bundled_recipe, "build_pretrained", lambda variant, _start: Assessor(variant))
    trained = ["train", "--facemask", "f", "--biq2021", "b", "--imagenet", "i", "--threads", "1"]
    for command in ([*trained, "--folder", str(runs)], ["bundle", "--folder", str(runs), "--target", str(target)]):
        ran = CliRunner().invoke(app, command)
        assert ran.exit_code == 0, ran.output
    assert read_manifest(target)[bundled_recipe.MODEL].card == "sfiqa_mobilenet.md"
    assert locate_weights(bundled_recipe.MODEL, folder=target).path.is_file()
    (tmp_path / "evidence.json").write_text(json.dumps(vars_of(measured(0.95))), encoding="utf-8")
    told = {"hardware": "two cores", "minutes": 8, "trained_at": "2026-11-21", "departures": "None."}
    (tmp_path / "provenance.json").write_text(json.dumps(told), encoding="utf-8")
    places = ["--provenance", str(tmp_path / "provenance.json"), "--target", str(target)]
    ran = CliRunner().invoke(app, ["card", "--evidence", str(tmp_path / "evidence.json"), *places])
    assert ran.exit_code == 0, ran.output
    assert read_manifest(target)[bundled_recipe.MODEL].sha256 in (target / "sfiqa_mobilenet.md").read_text(
        encoding="utf-8"
    )


def vars_of(found: FaceQualityFigures) -> dict[str, object]:
    return {name: getattr(found, name) for name in ("held_out", "ladders", "confidence", "counts")}
