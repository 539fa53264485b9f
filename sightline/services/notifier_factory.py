"""Builds the configured notifiers of alerts, and the heartbeat that stops when Sightline is not well."""

from collections.abc import Callable, Mapping

from detectors.metric_table import read_every_metric
from domain.ports import Clock, Notifier
from notification.heartbeat import Heartbeat
from notification.message import MessageWriter
from notification.notifiers.log import LogNotifier
from notification.notifiers.webhook import WebhookNotifier
from notification.receiver_settings import ReceiverTools
from sightline.config.settings import Settings
from sightline.runtime.components import Component, PeriodicThread
from sightline.services.picture_reader import PictureReader

HEARTBEAT_CHECK_S = 5.0


def make_notifiers(settings: Settings, clock: Clock, pictures: PictureReader | None = None) -> list[Notifier]:
    """Return the notifiers of the settings. Raises `ConfigError` for an address that cannot be used."""
    configured: list[Notifier] = [LogNotifier()] if settings.notifiers.log else []
    names: set[str] = set()
    for index, hook in enumerate(settings.notifiers.webhooks):
        where = f"notifiers.webhooks[{index}].url"
        # Without routes several may have one name; what each was sent is kept by name.
        name = hook.name if hook.name not in names else f"{hook.name}-{index + 1}"
        names.add(name)
        configured.append(
            WebhookNotifier(hook.url, clock=clock, secret=hook.secret, name=name, where=where, timeout_s=hook.timeout_s)
        )
    tools = make_tools(settings, clock, pictures)
    return [*configured, *(receiver.make(name, tools) for name, receiver in settings.alerts.receivers.items())]


def make_tools(settings: Settings, clock: Clock, pictures: PictureReader | None = None) -> ReceiverTools:
    """Return what receivers write messages with."""
    metrics = read_every_metric()
    writer = MessageWriter(settings.api.public_url, metrics, settings.reports.zones().of)
    if pictures is None or settings.pictures == "never":
        return ReceiverTools(clock, writer)
    return ReceiverTools(clock, writer, pictures.read)


def make_heartbeat(settings: Settings, clock: Clock, health: Callable[[], Mapping[str, str]]) -> list[Component]:
    """Return the part that calls the heartbeat's URL while `health` names no trouble; none without a URL."""
    if not settings.heartbeat.url:
        return []
    beat = Heartbeat(settings.heartbeat.url, clock=clock, every_s=settings.heartbeat.every_s)

    def beat_while_well() -> None:
        if not any(health().values()):
            beat.run_once()

    return [PeriodicThread("heartbeat", HEARTBEAT_CHECK_S, beat_while_well)]
