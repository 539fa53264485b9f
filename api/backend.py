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
class ProcessState:
    """What this process knows of itself."""

    health: Callable[[], Mapping[str, str]] = dict
    """Each part of the process, with "" or why it is not well."""
    metrics: Callable[[], ProcessMetrics] = dict
    """What it counted: `api.routes.prometheus.PROCESS_METRICS`."""
    warnings: Callable[[], Mapping[str, str]] = dict
    """What is wrong although every part is well, by subject."""
    models: Callable[[], Sequence[ModelRecord]] = tuple
    """Every learned model, in use or not."""


@dataclass(frozen=True)
class OperatorServices:
    """What operators can have done through the API. What is None is not done by this process."""

    reports: ReportMaker | None = None
    camera_tester: CameraTester | None = None
    """Tries out a camera's address before it is saved."""
    receivers: ReceiverTester | None = None
    """Sends a test message to a receiver."""
    quiet_times: MaintenancePlanner | None = None
    """Announces and ends maintenance."""
    shadow: Shadow = Shadow()


@dataclass(frozen=True)
class Backend:
    """The ports and the state of this process, as one client may see them."""

    stream_store: StreamStore
    score_store: ScoreStore
    alert_store: AlertStore
    live: LiveState
    camera_cache: CameraCache
    """The cameras, read again from the store when they have changed."""
    live_snapshots: LiveSnapshots
    """The newest state of each camera, from the live state or else from the store."""
    audit: AuditTrail
    metrics: Mapping[str, MetricSpec]
    """Every number that can be charted, by its key."""
    clock: Clock
    pictures: bool
    """Whether a picture of now may be shown."""
    process: ProcessState = ProcessState()
    services: OperatorServices = OperatorServices()
    rows: RowCache = field(default_factory=RowCache)
    """What was computed for the overview, kept while a camera's state is the same."""
