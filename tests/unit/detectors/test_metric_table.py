"""The tables that processes without PyTorch read say what detectors and models say."""

from detectors.metric_table import TABLE, read_metric_table, render_metric_table
from detectors.models import model_table
from detectors.models.catalogue import MODELS
from detectors.registry import METRICS


def test_the_table_is_what_the_detectors_say() -> None:
    assert TABLE.read_text(encoding="utf-8") == render_metric_table(METRICS), "run: python -m deploy.metric_table"
    assert read_metric_table() == dict(METRICS)
    assert list(read_metric_table()) == list(METRICS)


def test_the_table_of_models_is_what_the_catalogue_says() -> None:
    text = model_table.TABLE.read_text(encoding="utf-8")

    assert text == model_table.render_model_table(MODELS.values()), "run: python -m deploy.metric_table"
    assert model_table.read_model_table() == {name: model_table.facts_of(model) for name, model in MODELS.items()}
