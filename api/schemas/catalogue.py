"""What the API answers about metrics and fault rules."""

from api.schemas.values import FaultAnswer, Number, RecordAnswer


class MetricAnswer(RecordAnswer):
    """What a number means; a null bound is unbounded."""

    key: str
    label: str
    """Its name for people."""
    unit: str
    """Such as `px` or `%`; "" for a pure number."""
    low: Number
    """Bounds of its range."""
    high: Number
    direction: str
    """Which side is better."""
    source: str
    """Paper or standard, or "ours"."""


class FaultRuleAnswer(FaultAnswer):
    """When a fault raises an alert by default, the metrics that decide, what it means and the steps to take; an `event`
    fault sends one message and does not resolve.
    """

    severity: str
    hold_for_s: float
    """How long the fault lasts before its alert fires."""
    keep_firing_for_s: float
    """How long the picture is good before the alert is resolved."""
    event: bool
    needs_reference: bool
    """Not assessable without a learned baseline."""
    adjustable: bool
    """It has a sensitivity."""
    metrics: list[str]
    meaning: str
    steps: list[str]
