"""What answers are made from: the ports, and the state of this process."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from api.audit_trail import AuditTrail
from api.camera_cache import CameraCache
from api.camera_rows import RowCache
from api.live_snapshots import LiveSnapshots
from domain.metrics import MetricSpec
from domain.ports import (
    AlertStore,
    CameraTester,
    Clock,
    LiveState,
    MaintenancePlanner,
    ReceiverTester,
    ReportMaker,
    ScoreStore,
    ShadowLog,
    StreamStore,
)
from domain.records import ModelRecord
from domain.shadow import ShadowScope


@dataclass(frozen=True, slots=True)
class Shadow:
    """Where shadow mode is on, and what it kept from receivers; None where this process has no such log."""

    scope: ShadowScope = ShadowScope()
    log: ShadowLog | None = None


ProcessMetrics: TypeAlias = Mapping[str, float | Mapping[str, float]]
"""Numbers of a process by name, and those of the receivers of messages by name and receiver."""


@dataclass(frozen=True)
class Backend:
    """The ports and the state of this process.

    `health` maps each part of the process to "" or why it is not well; `process_metrics` holds what it counted,
    `models` every learned model, `warnings` what is wrong although every part is well.
    """

    stream_store: StreamStore
    score_store: ScoreStore
    alert_store: AlertStore
    live: LiveState
    metrics: Mapping[str, MetricSpec]
    pictures: bool
    clock: Clock
    health: Callable[[], Mapping[str, str]]
    process_metrics: Callable[[], ProcessMetrics]
    warnings: Callable[[], Mapping[str, str]]
    models: Callable[[], Sequence[ModelRecord]]
    reports: ReportMaker | None
    camera_tester: CameraTester | None
    receivers: ReceiverTester | None
    quiet_times: MaintenancePlanner | None
    camera_cache: CameraCache
    live_snapshots: LiveSnapshots
    audit: AuditTrail
    shadow: Shadow = Shadow()
    rows: RowCache = field(default_factory=RowCache)
