"""What is wrong with settings that are each right by themselves: values that contradict each other."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from domain.errors import ConfigError
from domain.retention import Retention
from sightline.config.alert_routing import find_alert_conflicts
from sightline.config.report_settings import find_report_conflicts
from sightline.config.sections import find_api_conflicts
from sightline.config.settings import Settings, find_camera_conflicts

Location: TypeAlias = tuple[int | str, ...]
"""Keys and places in lists from the outermost to a value, as pydantic gives them."""


def omit_wrong_values(
    content: Mapping[str, Any], wrong: Iterable[Location]
) -> tuple[dict[str, Any], frozenset[Location]]:
    """Return the content without what holds a wrong value, and what was left out: keys, or `("cameras", place)`."""
    omitted = {_omitted_part(content, loc) for loc in wrong}
    kept = {key: value for key, value in content.items() if (key,) not in omitted}
    if isinstance(kept.get("cameras"), list):
        kept["cameras"] = [each for i, each in enumerate(kept["cameras"]) if ("cameras", i) not in omitted]
    return kept, frozenset(omitted)


def _omitted_part(content: Mapping[str, Any], loc: Location) -> Location:
    in_list = len(loc) > 1 and loc[0] == "cameras" and isinstance(content.get("cameras"), list)
    return loc[:2] if in_list else loc[:1]


def find_conflicts(settings: Settings, omitted: frozenset[Location] = frozenset()) -> Iterator[str]:
    """Yield a line for each value that cannot be used beside the others.

    Conflicts with an omitted part are skipped, because its default would be compared.
    """
    count = len(settings.cameras) + sum(loc[0] == "cameras" and len(loc) == 2 for loc in omitted)
    yield from find_camera_conflicts(settings, [i for i in range(count) if ("cameras", i) not in omitted])
    for concerned, find in _CONFLICTS.items():
        if not any((key,) in omitted for key in concerned):
            yield from find(settings)


def _find_retention_conflicts(settings: Settings) -> Iterator[str]:
    try:
        Retention(**settings.retention.model_dump())
    except ConfigError as error:
        yield str(error)


def _find_database_conflicts(settings: Settings) -> Iterator[str]:
    if settings.postgres.tls and not settings.database.startswith("postgresql"):
        yield "postgres.tls: only used with database: postgresql://…"


def _find_queue_conflicts(settings: Settings) -> Iterator[str]:
    queue = settings.queue
    if queue.kind == "kafka" and not queue.servers:
        yield "queue.servers: needed with queue.kind: kafka, such as [kafka:9092]"
    if queue.kind != "kafka" and queue.servers:
        yield "queue.servers: only used with queue.kind: kafka; write that too, or leave servers out"
    if queue.max_lag_s >= queue.retention_minutes * 60:
        yield "queue.max_lag_s: must be less than queue.retention_minutes, or Kafka deletes frames that nobody counts"


def _find_live_conflicts(settings: Settings) -> Iterator[str]:
    live = settings.live
    if live.kind == "redis" and not live.url:
        yield "live.url: needed with live.kind: redis, such as redis://redis:6379/0"
    if live.kind != "redis" and live.url:
        yield "live.url: only used with live.kind: redis; write that too, or leave url out"


_CONFLICTS: Mapping[tuple[str, ...], Callable[[Settings], Iterator[str]]] = MappingProxyType(
    {
        ("retention",): _find_retention_conflicts,
        ("postgres", "database"): _find_database_conflicts,
        ("queue",): _find_queue_conflicts,
        ("live",): _find_live_conflicts,
        ("api",): lambda settings: find_api_conflicts(settings.api),
        ("alerts", "notifiers", "reports"): find_alert_conflicts,
        ("reports",): lambda settings: find_report_conflicts(settings.reports),
    }
)
"""By the keys of the settings that each compares."""
