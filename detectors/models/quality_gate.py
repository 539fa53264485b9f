"""The quality gate in front of detectors (the purpose of Lu et al. 2022): a poor picture is not assessable by them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class QualityGate:
    """Pictures whose `metric` is under `below` are not shown to gated detectors."""

    metric: str
    below: float

    def objection(self, value: float | None) -> str:
        """Why a picture of this quality is not assessable, or ""; a picture of unknown quality passes."""
        if value is None or value >= self.below:
            return ""
        return f"picture too poor: {self.metric} {value:.3g} is below {self.below:g}"
