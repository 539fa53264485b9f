"""Short ways to say what a fault indicator's number means."""

from domain.metrics import Direction, MetricSpec

LEVELS = "levels of 255"


def lower_is_better(key: str, label: str, unit: str, bounds: tuple[float, float], source: str) -> MetricSpec:
    return MetricSpec(key, label, unit, *bounds, Direction.LOWER_IS_BETTER, source)


def higher_is_better(key: str, label: str, unit: str, bounds: tuple[float, float], source: str) -> MetricSpec:
    return MetricSpec(key, label, unit, *bounds, Direction.HIGHER_IS_BETTER, source)


def neutral_metric(key: str, label: str, unit: str, bounds: tuple[float, float], source: str) -> MetricSpec:
    """Return the meaning of a number that is neither good nor bad by itself."""
    return MetricSpec(key, label, unit, *bounds, Direction.NEITHER, source)
