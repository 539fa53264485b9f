"""What of each model a process needs that scores nothing: it needs no PyTorch.

The catalogue is the source: `model_table.json` is written from `detectors.models.catalogue.MODELS` by
`python -m deploy.metric_table`, and a test fails where it differs.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detectors.models.catalogue import Model

TABLE = Path(__file__).with_name("model_table.json")


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """One model: its name, whether it runs by default, whether it can run on live pictures, how often it does, and the
    family of which one model judges."""

    name: str
    default: bool
    live: bool
    every_s: float
    family: str


def read_model_table() -> Mapping[str, ModelFacts]:
    """Return every model by its name, in the order of the catalogue."""
    rows = json.loads(TABLE.read_text(encoding="utf-8"))
    return {row["name"]: ModelFacts(**row) for row in rows}


def facts_of(model: "Model") -> ModelFacts:
    """Return what the table holds of a model."""
    return ModelFacts(model.name, model.default, model.detector is not None, model.every_s, model.family)


def render_model_table(models: Iterable["Model"]) -> str:
    """Return the text of the table."""
    return json.dumps([asdict(facts_of(model)) for model in models], indent=1) + "\n"
