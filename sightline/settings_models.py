"""Settings of the models with trained weights: which judge, with which weights, how often, and the quality gate."""

from typing import Any

from pydantic import Field

from sightline.settings_cluster import Positive, Section


class ModelSettings(Section):
    """One model. Without `enabled` a default judges where its weights are, any other where a path is given.

    `options` are the model's own (docs/operations.md); a wrong one is refused when the models are made.
    """

    enabled: bool | None = None
    path: str = ""
    every_s: Positive | None = None
    """A picture of each stream is judged this often; 10 s where nothing is said."""
    options: dict[str, Any] = Field(default_factory=dict)


class GateSettings(Section):
    """Pictures whose `metric` was last under `below` are not shown to the detectors of faces and objects."""

    metric: str = Field(default="image_quality", min_length=1)
    below: float
