"""Settings of alerts: receivers by name, and which messages go to whom at what time."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from domain.errors import ConfigError
from domain.faults import Fault
from domain.shadow import ShadowScope
from notification.follow_ups import FollowUpPolicy
from notification.notifiers.catalogue import ReceiverSettings
from notification.routing import parse_hours
from sightline.config.section import Section
from sightline.config.sections import Positive
from sightline.config.value_types import Label

LOG_RECEIVER = "log"


def _check_hours(text: str) -> str:
    try:
        parse_hours(text)
    except ConfigError as error:
        raise ValueError(str(error).removeprefix("hours: ")) from None
    return text


HoursText = Annotated[str, AfterValidator(_check_hours)]
PortNumber = Annotated[int, Field(ge=1, le=65535)]
ReceiverName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$")]


class EscalationSettings(Section):
    """Whom to tell when nobody acknowledged an incident in time."""

    after_minutes: Positive
    """Minutes from the first message."""
    to: tuple[ReceiverName, ...] = Field(min_length=1)
    """Receivers by name."""


class RouteSettings(Section):
    """Messages that match every condition given go to these receivers. Each route that matches adds its receivers."""

    to: tuple[ReceiverName, ...]
    """Receivers by name; an empty list sends to nobody."""
    name: Label = ""
    """The route's name, as `sightline routes explain` shows it."""
    sites: tuple[Label, ...] = ()
    """Only cameras of these sites."""
    groups: tuple[Label, ...] = ()
    """Only cameras of these groups."""
    tags: tuple[Label, ...] = ()
    """Only cameras with one of these tags."""
    cameras: tuple[Label, ...] = ()
    """Only these cameras."""
    severities: tuple[Annotated[str, Field(pattern="^(info|warning|critical)$")], ...] = ()
    """Only these severities: `info`, `warning`, `critical`."""
    faults: tuple[Fault, ...] = ()
    """Only these faults, by their keys."""
    hours: tuple[HoursText, ...] = ()
    """Only at these times of the site: `mon-fri 07:00-19:00`, `22:00-06:00`."""
    escalate: EscalationSettings | None = None
    """Whom to tell when nobody acknowledges."""


class AlertSettings(Section):
    """Receivers beside those of `notifiers`, and routes to all of them. Without routes everybody gets every message."""

    receivers: dict[ReceiverName, ReceiverSettings] = Field(default_factory=dict)
    """Receivers by a name of your choice."""
    routes: tuple[RouteSettings, ...] = ()
    """Which messages go to whom."""
    default: tuple[ReceiverName, ...] = ()
    """Who gets messages that no route matches; needed where there are routes."""
    reminders_hours: tuple[Positive, ...] = (1.0, 24.0)
    """Hours after which an incident that is still open is announced again."""
    shadow: bool = False
    """Shadow mode: everything is judged and stored, nobody is notified; `sightline shadow` says what would be sent."""
    shadow_sites: tuple[Label, ...] = ()
    """Sites in shadow mode while the others are not."""

    onvif_events: bool = False
    """Whether a camera with an incident is asked by ONVIF what it says of its picture, for the log of the incident."""
    onvif_port: PortNumber = 80
    """The port of ONVIF on the cameras."""
    onvif_tls: bool = False
    """Whether ONVIF is asked over TLS at that port."""
    onvif_ports: dict[Label, PortNumber] = Field(default_factory=dict)
    """Cameras by name whose port of ONVIF is another one."""
    onvif_tls_ports: dict[Label, PortNumber] = Field(default_factory=dict)
    """Cameras by name that are asked over TLS at another port."""

    def onvif_port_of(self, camera: str) -> tuple[str, int]:
        """Return `http` or `https`, and the port."""
        if camera in self.onvif_tls_ports:
            return "https", self.onvif_tls_ports[camera]
        if camera in self.onvif_ports:
            return "http", self.onvif_ports[camera]
        return "https" if self.onvif_tls else "http", self.onvif_port

    def scope(self) -> ShadowScope:
        return ShadowScope(self.shadow, frozenset(self.shadow_sites))

    def warnings(self) -> dict[str, str]:
        """Return what every look at the health of a process must show: silence on purpose looks like health."""
        return {"alerts": self.scope().sentence()} if self.scope() else {}

    def follow_ups(self) -> FollowUpPolicy:
        return FollowUpPolicy(tuple(timedelta(hours=hours) for hours in sorted(self.reminders_hours)))

    def secrets(self) -> tuple[str, ...]:
        return tuple(secret for receiver in self.receivers.values() for secret in receiver.secrets())
