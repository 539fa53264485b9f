"""docs/reference/prometheus.md: every metric that `/metrics` can show, from one scrape of an empty Sightline."""

import tempfile
from pathlib import Path

from prometheus_client.core import Metric

from api.app import create_app
from api.backend import ProcessState
from api.routes.prometheus import PROCESS_METRICS, RECEIVER_METRICS, SightlineCollector
from deploy.reference.markdown import code, head_note, write_table
from detectors.registry import METRICS
from sightline.config.settings_loading import parse_settings
from sightline.runtime.clock import SystemClock
from sightline.runtime.stores import command_stores
from storage.live.memory_live_state import MemoryLiveState

_INTRO = """`/metrics` of `sightline run` and `sightline serve` shows all of these. A process without the page shows
those of parts and of scoring at its `health.port`. [Health and Prometheus](../guides/monitoring.md) says how to scrape
them."""


def render_prometheus_page() -> str:
    """Return the page."""
    rows = [
        (code(_sample_name(each)), each.type, ", ".join(map(code, _labels(each))), each.documentation)
        for each in scrape_empty()
    ]
    return f"# Prometheus metrics\n\n{head_note()}\n\n{_INTRO}\n\n" + (
        write_table(("metric", "type", "labels", "meaning"), rows) + "\n"
    )


def scrape_empty() -> list[Metric]:
    """Return every metric family of a process without cameras whose parts all run."""
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        settings = parse_settings({"database": f"sqlite:///{Path(folder) / 'empty.db'}"})
        with command_stores(settings, clock) as stores:
            app = create_app(
                stores.streams,
                stores.scores,
                stores.alerts,
                MemoryLiveState(),
                metrics=METRICS,
                clock=clock,
                process=ProcessState(
                    health=lambda: {"api": ""},
                    metrics=lambda: {
                        **dict.fromkeys(PROCESS_METRICS, 0.0),
                        **{key: {"log": 0.0} for key in RECEIVER_METRICS},
                    },
                ),
            )
            return list(SightlineCollector(app.state.backend).collect())


def _sample_name(family: Metric) -> str:
    return f"{family.name}_total" if family.type == "counter" else family.name


def _labels(family: Metric) -> tuple[str, ...]:
    return tuple(getattr(family, "_labelnames", ()))
