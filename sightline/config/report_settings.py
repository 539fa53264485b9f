"""Settings of reports: the zones of sites, what is written by itself and where, and the key of their seal."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from domain.errors import ConfigError
from domain.report_files import ReportFormat
from reports.usable_time.periods import Zones, zone_of
from sightline.config.section import Section
from sightline.config.value_types import Label

SHORTEST_KEY = 16


def _zone(name: str) -> str:
    try:
        return str(zone_of(name))
    except ConfigError as error:
        raise ValueError(str(error).partition(": ")[2]) from None


ZoneName = Annotated[str, AfterValidator(_zone)]
"""An IANA name such as Europe/Berlin."""


class ScheduleSettings(Section):
    """A report that is written after every week or month, of all cameras or of one site or group."""

    every: Literal["week", "month"]
    formats: tuple[ReportFormat, ...] = Field(default=(ReportFormat.PDF,), min_length=1)
    site: Label = ""
    group: Label = ""
    mail_to: Label = ""
    """The mail receiver (`alerts.receivers`) that gets it besides the folder."""


class ReportsSettings(Section):
    """`time_zones` maps a site to its zone; `time_zone` holds for all others, and for cameras without a site."""

    time_zone: ZoneName = "UTC"
    time_zones: dict[Label, ZoneName] = Field(default_factory=dict)
    folder: str = Field(default="reports", min_length=1)
    """Where scheduled reports are written."""
    schedule: tuple[ScheduleSettings, ...] = ()
    signing_key: str = Field(default="", repr=False)
    """With a key every report's seal holds an HMAC-SHA256, which only who knows the key can make."""

    def zones(self) -> Zones:
        return Zones(zone_of(self.time_zone), {site: zone_of(name) for site, name in self.time_zones.items()})


def find_report_conflicts(reports: ReportsSettings) -> Iterator[str]:
    """Yield a line for a key that could be guessed."""
    if "signing_key" in reports.model_fields_set and len(reports.signing_key.strip()) < SHORTEST_KEY:
        yield (
            f"reports.signing_key: shorter than {SHORTEST_KEY} characters; `openssl rand -hex 24` makes one, or leave "
            "it out for none"
        )
