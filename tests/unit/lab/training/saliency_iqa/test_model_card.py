"""The card carries the measured figures and where they come from."""

from dataclasses import replace

from lab.training.saliency_iqa.crops import CropView
from lab.training.saliency_iqa.model_card import SaliencyIqaFigures, SaliencyIqaProvenance, model_card
from lab.training.saliency_iqa.schedule import BranchSchedule


def test_the_card_tells_figures_recipe_and_provenance() -> None:
    measured = {
        "n": 2000,
        "srocc": 0.8123,
        "plcc": 0.8234,
        "krcc": 0.6,
        "rmse": 9.87,
        "mae": 7.6,
        "plcc_fitted": 0.83,
        "intervals": {"srocc": [0.79, 0.83], "plcc": [0.8, 0.84], "rmse": [9.5, 10.2]},
    }
    ladder = {"n": 24, "holds": 0.958, "mean_spearman": -0.98, "mean_scores": [71.2, 60.0, 30.4]}
    schedule = BranchSchedule(
        view=CropView.LOCAL, epochs=3, batch=32, peak_rate=1.5e-4, head_factor=7, frozen_blocks=2, averaging=0.995
    )
    provenance = SaliencyIqaProvenance("two cores", {"local": 21}, "2026-11-21", "Stopped once.")
    figures = SaliencyIqaFigures(measured, measured, {"blur": ladder}, "bfloat16")
    card = model_card("abc123", {"local": schedule}, provenance, figures)
    assert "`abc123`" in card
    assert "(24 Kodak photographs" in card
    assert "| blur | 96% | -0.98 | 71 60 30 |" in card
    assert "| official test half, bfloat16 | 2000 | 0.812 (0.790 to 0.830) | 0.823 (0.800 to 0.840) | 0.600 |" in card
    assert "| local | 3 | 32 | 0.00015 (head x 7) | 2 | 0.02 | 0.2 | 0.995 | 0 | 0 | 7 | 21 |" in card
    assert "Hardware: two cores. Trained 2026-11-21. Stopped once." in card
    untested = model_card("abc123", {"local": schedule}, provenance, replace(figures, test=None))
    assert "| official test half | not measured with these weights |" in untested
