"""What is published on BIQ2021's official test half, and what every model here that answers an opinion scores there."""

from pathlib import Path

from detectors.models.weights import WeightsUnavailable, read_manifest
from lab.training.dataset_evaluation import DatasetEvaluation, NothingAssessable, evaluate_model, select_samples
from lab.training.dataset_splits import Half
from lab.training.datasets import find_dataset
from lab.training.paper_table import PaperTable, ReproductionOptions, Scatter, TableResult, TableRow
from lab.training.recipe import Recipe
from lab.training.recipe_catalogue import RECIPES
from lab.training.training_run import run_folder

OPINION_MODELS = ("brisque", "niqe", "sgdnet", "surveillance_iqa", "saliency_iqa")
COLUMNS = ("srocc", "plcc", "krcc", "rmse")
PUBLISHED = (
    ("DeepEns (an ensemble)", {"srocc": 0.7922, "plcc": 0.8098}),
    ("SGL-IQA", {"srocc": 0.71, "plcc": 0.71}),
    ("NASNet-Large", {"srocc": 0.673, "plcc": 0.708}),
    ("MobileNetV2", {"srocc": 0.619, "plcc": 0.661}),
)


def reproduce_biq2021(setting: ReproductionOptions) -> TableResult:
    """The published methods as cited, then ours on the half asked for, all on the same pictures.

    A model's weights are those trained in `setting.runs`, else the bundled ones; without either its row says so.
    """
    dataset = find_dataset("biq2021")
    samples = select_samples(dataset, setting.data, Half(setting.half))
    rows = [TableRow(name, paper=figures, note="cited") for name, figures in PUBLISHED]
    scatters: list[Scatter] = []
    for recipe in (RECIPES[model] for model in OPINION_MODELS):
        try:
            found = evaluate_model(recipe, dataset, samples, _trained_weights(recipe, setting))
        except (WeightsUnavailable, NothingAssessable) as error:
            rows.append(TableRow(recipe.title, note=f"not run: {error}"))
            continue
        rows.append(_row(recipe, found))
        scatters.extend(found.scatters)
    return TableResult(tuple(rows), tuple(scatters))


def _trained_weights(recipe: Recipe, setting: ReproductionOptions) -> Path | None:
    """The weights trained in `setting.runs`; None where the recipe's own are bundled. Raises WeightsUnavailable."""
    path = run_folder(setting.runs, recipe, "biq2021") / f"{recipe.model}.safetensors"
    if path.is_file():
        return path
    if recipe.model not in read_manifest():
        raise WeightsUnavailable(f"neither trained in {setting.runs} nor bundled")
    return None


def _row(recipe: Recipe, found: DatasetEvaluation) -> TableRow:
    agreement = found.agreements[found.headline]
    measures = agreement.as_json()
    ours = {column: value for column in COLUMNS if isinstance(value := measures[column], float)}
    low, high = agreement.intervals["srocc"]
    without = found.not_assessable[found.headline]
    note = f"n {agreement.n}, not assessable {without}, srocc {low:.3f} to {high:.3f}"
    return TableRow(recipe.title, ours=ours, note=f"{note}, weights {(found.weights or 'none')[:12]}")


BIQ2021_PUBLISHED = PaperTable(
    name="biq2021",
    title="Agreement with people on BIQ2021, published methods and ours",
    source="the methods' own papers",
    datasets=("biq2021",),
    columns=COLUMNS,
    reproduce=reproduce_biq2021,
)
