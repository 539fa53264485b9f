"""Who gets which message by the settings, and whether a message could have nowhere to go by mistake."""

from collections.abc import Iterator

from notification.notifiers.mail import MailSettings
from notification.routing import Route, Routing, parse_hours
from sightline.config.alert_settings import LOG_RECEIVER, RouteSettings
from sightline.config.settings import Settings


def make_routing(settings: Settings) -> Routing:
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


def receiver_names(settings: Settings) -> tuple[str, ...]:
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


def find_alert_conflicts(settings: Settings) -> Iterator[str]:
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


def _find_missing_receivers(settings: Settings) -> Iterator[str]:
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
