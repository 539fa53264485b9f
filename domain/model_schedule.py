"""How often a model judges one stream's pictures: from their times alone, whatever batches they come in.

Ingest sends a picture when a model is due, and workers ask the model then: both decide by this rule.
"""

from collections.abc import Mapping
from datetime import datetime


def is_due(last: datetime | None, at: datetime, every_s: float) -> bool:
    """Whether a model runs on the picture of `at` when it last ran on the one of `last`; a clock set back starts
    again.
    """
    return last is None or at < last or (at - last).total_seconds() >= every_s


def due_models(last: Mapping[str, datetime], at: datetime, every_s: Mapping[str, float]) -> frozenset[str]:
    """Return the models that run on the picture of `at`, by when each ran last and how many seconds must lie
    between.
    """
    return frozenset(name for name, each in every_s.items() if is_due(last.get(name), at, each))
