"""What models saw of one session, and which of them judge its next picture."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from domain.metrics import TimedValue
from domain.model_schedule import due_models


@dataclass(slots=True)
class ModelSchedule:
    """What the models saw of one session: when each looked last, what it measured, and what the gate's metric was."""

    session_id: str
    looked_at: dict[str, datetime] = field(default_factory=dict)
    measured: dict[str, TimedValue] = field(default_factory=dict)
    quality: float | None = None

    def due(self, at: datetime, every_s: Mapping[str, float]) -> frozenset[str]:
        """Return the models that judge the picture of `at`, and note that they did."""
        names = due_models(self.looked_at, at, every_s)
        self.looked_at.update(dict.fromkeys(names, at))
        return names
