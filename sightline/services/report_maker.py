"""What makes reports under these settings."""

from importlib.metadata import PackageNotFoundError, version

from domain.ports import Clock, ReportStore
from reports.maker import StoredReports
from sightline.config.settings import Settings


def make_report_maker(settings: Settings, store: ReportStore, clock: Clock) -> StoredReports:
    """Return what makes reports from the store in the zones of the settings, signed where they hold a key."""
    chosen = settings.reports
    return StoredReports(store, chosen.zones(), clock, version=_version(), key=chosen.signing_key.strip())


def _version() -> str:
    try:
        return version("sightline")
    except PackageNotFoundError:
        return "unknown"
