"""Builds the configured notifiers of alerts, and the heartbeat that stops when Sightline is not well."""

from collections.abc import Callable, Mapping

from domain.ports import Clock, Notifier
from notification.heartbeat import Heartbeat
from notification.notifiers.log import LogNotifier
from notification.notifiers.webhook import WebhookNotifier
from sightline.config.settings import Settings
from sightline.runtime.components import Component, PeriodicThread

HEARTBEAT_CHECK_S = 5.0


def make_notifiers(settings: Settings, clock: Clock) -> list[Notifier]:
    """Return the notifiers of the settings. Raises `ConfigError` for an address that cannot be used."""
    configured: list[Notifier] = [LogNotifier()] if settings.notifiers.log else []
    for index, hook in enumerate(settings.notifiers.webhooks):
        where = f"notifiers.webhooks[{index}].url"
        configured.append(
            WebhookNotifier(
                hook.url, clock=clock, secret=hook.secret, name=hook.name, where=where, timeout_s=hook.timeout_s
            )
        )
    return configured


def make_heartbeat(settings: Settings, clock: Clock, health: Callable[[], Mapping[str, str]]) -> list[Component]:
    """Return the part that calls the heartbeat's URL while `health` names no trouble; none without a URL."""
    if not settings.heartbeat.url:
        return []
    beat = Heartbeat(settings.heartbeat.url, clock=clock, every_s=settings.heartbeat.every_s)

    def beat_while_well() -> None:
        if not any(health().values()):
            beat.run_once()

    return [PeriodicThread("heartbeat", HEARTBEAT_CHECK_S, beat_while_well)]
