"""The meaning of every metric, for processes that show numbers and measure none: it needs no PyTorch.

The detectors are the source: `detectors/metric_table.json` is written from `detectors.registry.METRICS` by
`python -m deploy.metric_table`, and a test fails where it differs.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from math import inf
from pathlib import Path
from typing import Any

from domain.evidence_metrics import EVIDENCE_METRICS
from domain.metrics import Direction, MetricSpec

TABLE = Path(__file__).with_name("metric_table.json")


def read_metric_table() -> Mapping[str, MetricSpec]:
    """Return every metric by its key, in the order of the registry."""
    rows: list[dict[str, Any]] = json.loads(TABLE.read_text(encoding="utf-8"))
    return {row["key"]: _parse_row(row) for row in rows}


def read_every_metric() -> Mapping[str, MetricSpec]:
    """Return the table and the metrics that no detector measures: what people meet by its key."""
    return {**read_metric_table(), **EVIDENCE_METRICS}


def render_metric_table(metrics: Mapping[str, MetricSpec]) -> str:
    """Return the text of the table; null means an infinite bound."""
    rows = [asdict(spec) for spec in metrics.values()]
    bounded = [{key: None if value in (inf, -inf) else value for key, value in row.items()} for row in rows]
    return json.dumps(bounded, ensure_ascii=False, indent=1) + "\n"


def _parse_row(row: Mapping[str, Any]) -> MetricSpec:
    low = -inf if row["low"] is None else row["low"]
    high = inf if row["high"] is None else row["high"]
    return MetricSpec(**{**row, "low": low, "high": high, "direction": Direction(row["direction"])})
