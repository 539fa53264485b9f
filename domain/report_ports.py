"""The ports of reports; `domain.ports` gives them out with all the others."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from domain.alerts import Incident
from domain.records import Resolution
from domain.report_files import ReportFile, ReportFormat, ReportRequest
from domain.verdict_time import Cut, MaintenanceWindow, MetricSeries, StateSum, WatchChange


class ReportStore(Protocol):
    """What reports are computed from: kept as long as the history, far longer than frames."""

    def watch_changes(self) -> Sequence[WatchChange]:
        """Return when each camera, retired ones too, began or ceased to be watched."""
        ...

    def time_in_states(self, cuts: Sequence[Cut]) -> Sequence[StateSum]:
        """Return the exact time in each state within the cuts, added up by key; what was not written down is absent."""
        ...

    def incidents_between(self, since: datetime, until: datetime) -> Sequence[Incident]:
        """Return the incidents that were open at any time in the stretch, oldest first."""
        ...

    def series(
        self,
        metric: str,
        stream_ids: Collection[str],
        since: datetime,
        until: datetime,
        resolution: Resolution,
        *,
        utc_hours: Collection[int] | None = None,
    ) -> Sequence[MetricSeries]:
        """Return the rolled-up means of one metric; with `utc_hours` only those that began in such an hour."""
        ...

    def models_between(self, since: datetime, until: datetime) -> Mapping[str, Collection[str]]:
        """Return the fingerprints under which each detector scored on the days of the stretch."""
        ...

    def maintenance_windows(self) -> Sequence[MaintenanceWindow]:
        """Return every announced window, oldest first."""
        ...

    def announce_maintenance(self, window: MaintenanceWindow, *, at: datetime) -> None:
        """Insert or replace by its id; audited."""
        ...

    def withdraw_maintenance(self, window_id: str, *, by: str, at: datetime) -> bool:
        """Take a window back, as if it had never been. False when there was none; audited."""
        ...


class ReportMaker(Protocol):
    """Makes a report on demand."""

    def make(self, request: ReportRequest, form: ReportFormat) -> ReportFile:
        """Return the finished file. Raises `ConfigError` for a period that is none, and `StoreUnavailable`."""


class ReportDelivery(Protocol):
    """Brings a scheduled report to where people find it."""

    name: str

    def has(self, name: str) -> bool:
        """Return whether a report of this name was delivered before."""

    def deliver(self, report: ReportFile) -> None:
        """Deliver it whole or not at all. Raises `NotifierUnavailable`."""
