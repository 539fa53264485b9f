"""Makes reports on demand: builds one from the store and exports it."""

from domain.ports import Clock, ReportStore
from domain.report_files import ReportFile, ReportFormat, ReportRequest
from reports.build import build_report
from reports.export.report_file import export
from reports.usable_time.periods import Zones


class StoredReports:
    """`ReportMaker` over a store; `key`, where given, signs what is made."""

    def __init__(self, store: ReportStore, zones: Zones, clock: Clock, *, version: str, key: str = "") -> None:
        self._store = store
        self._zones = zones
        self._clock = clock
        self._version = version
        self._key = key

    def make(self, request: ReportRequest, form: ReportFormat) -> ReportFile:
        report = build_report(self._store, request, self._zones, self._clock.now(), version=self._version)
        return export(report, form, key=self._key)
