"""How often a model judges one stream's pictures: from their times alone, whatever batches they come in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from domain.metrics import TimedValue


def is_due(last: datetime | None, at: datetime, every_s: float) -> bool:
    """Whether the picture of `at` is judged when the last judged one was of `last`; a clock set back starts anew."""
    return last is None or at < last or (at - last).total_seconds() >= every_s


@dataclass(slots=True)
class ModelSchedule:
    """What the models saw of one session: when each looked last, what it measured, and what the gate's metric was."""

    session_id: str
    looked_at: dict[str, datetime] = field(default_factory=dict)
    measured: dict[str, TimedValue] = field(default_factory=dict)
    quality: float | None = None

    def due(self, at: datetime, every_s: Mapping[str, float]) -> frozenset[str]:
        """Return the models that judge the picture of `at`, and note that they did."""
        names = frozenset(name for name, each in every_s.items() if is_due(self.looked_at.get(name), at, each))
        self.looked_at.update(dict.fromkeys(names, at))
        return names
