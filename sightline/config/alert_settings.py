"""Settings of alerts: receivers by name, and which messages go to whom at what time."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from domain.errors import ConfigError
from domain.faults import Fault
from domain.shadow import ShadowScope
from notification.follow_ups import FollowUpPolicy
from notification.notifiers.catalogue import ReceiverSettings
from notification.notifiers.mail import MailSettings
from notification.routing import Route, Routing, parse_hours
from sightline.config.section import Section
from sightline.config.sections import Positive
from sightline.config.value_types import Label

if TYPE_CHECKING:
    from sightline.config.settings import Settings

LOG_RECEIVER = "log"


def _check_hours(text: str) -> str:
    try:
        parse_hours(text)
    except ConfigError as error:
        raise ValueError(str(error).removeprefix("hours: ")) from None
    return text


HoursText = Annotated[str, AfterValidator(_check_hours)]
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

    def scope(self) -> ShadowScope:
        return ShadowScope(self.shadow, frozenset(self.shadow_sites))

    def warnings(self) -> dict[str, str]:
        """Return what every look at the health of a process must show: silence on purpose looks like health."""
        return {"alerts": self.scope().sentence()} if self.scope() else {}

    def follow_ups(self) -> FollowUpPolicy:
        return FollowUpPolicy(tuple(timedelta(hours=hours) for hours in sorted(self.reminders_hours)))

    def secrets(self) -> tuple[str, ...]:
        return tuple(secret for receiver in self.receivers.values() for secret in receiver.secrets())


def make_routing(settings: "Settings") -> Routing:
    """Return who gets which message by these settings."""
    alerts = settings.alerts
    zones = settings.reports.zones()
    always = (LOG_RECEIVER,) if settings.notifiers.log else ()
    return Routing(
        everyone=receiver_names(settings),
        routes=tuple(_route(number, route) for number, route in enumerate(alerts.routes, 1)),
        default=alerts.default,
        always=always,
        zone_of=zones.of,
    )


def receiver_names(settings: "Settings") -> tuple[str, ...]:
    """Return the name of every receiver that routes may use."""
    return (*(hook.name for hook in settings.notifiers.webhooks), *settings.alerts.receivers)


def _route(number: int, route: RouteSettings) -> Route:
    escalation = route.escalate
    return Route(
        name=route.name or f"route {number}",
        receivers=route.to,
        sites=frozenset(route.sites),
        groups=frozenset(route.groups),
        tags=frozenset(route.tags),
        cameras=frozenset(route.cameras),
        severities=frozenset(route.severities),
        faults=frozenset(route.faults),
        hours=tuple(parse_hours(text) for text in route.hours),
        escalate_after_s=None if escalation is None else escalation.after_minutes * 60,
        escalate_to=() if escalation is None else escalation.to,
    )


def find_alert_conflicts(settings: "Settings") -> Iterator[str]:
    """Yield what is wrong between receivers and routes: a message must never have nowhere to go by mistake."""
    alerts, known = settings.alerts, receiver_names(settings)
    for name, receiver in alerts.receivers.items():
        for problem in receiver.find_conflicts():
            yield f"alerts.receivers.{name}.{problem}"
        if name == LOG_RECEIVER or known.count(name) > 1:
            yield f"alerts.receivers.{name}: another receiver has this name; choose a different one"
    yield from _find_missing_receivers(settings)
    yield from _unknown_names("alerts.default", alerts.default, known)
    seen: set[str] = set()
    for number, route in enumerate(alerts.routes):
        yield from _unknown_names(f"alerts.routes[{number}].to", route.to, known)
        if route.escalate is not None:
            yield from _unknown_names(f"alerts.routes[{number}].escalate.to", route.escalate.to, known)
        if route.name and route.name in seen:
            yield f"alerts.routes[{number}].name: another route has this name"
        seen.add(route.name)


def _unknown_names(where: str, names: tuple[str, ...], known: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        if name not in known:
            there = ", ".join(known) or "none"
            yield f"{where}: there is no receiver '{name}'; there are: {there}"


def _find_missing_receivers(settings: "Settings") -> Iterator[str]:
    """Yield where messages or reports would have nobody to go to."""
    alerts = settings.alerts
    if alerts.routes and not alerts.default:
        yield "alerts.default: needed with routes, so that a message that no route matches reaches somebody"
    if alerts.routes:
        names = [hook.name for hook in settings.notifiers.webhooks]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield f"notifiers.webhooks: two are named '{name}'; routes need different names"
    for number, schedule in enumerate(settings.reports.schedule):
        if schedule.mail_to and not isinstance(alerts.receivers.get(schedule.mail_to), MailSettings):
            yield f"reports.schedule[{number}].mail_to: alerts.receivers has no mail receiver '{schedule.mail_to}'"
