"""The receivers, the routes to them, and the dispatcher: the parts that turn the outbox into messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from domain.cameras import StreamStatus
from domain.errors import StoreUnavailable
from domain.ports import Clock, LiveState, Notifier
from notification.dispatcher import Dispatcher
from notification.flapping import FlapWatch
from notification.grouping import GroupingPolicy
from notification.notifiers.mqtt import MqttMirror, MqttSettings
from notification.routing import Routing
from notification.shadow import behind_shadow
from sightline.config.alert_routing import make_routing
from sightline.config.settings import Settings
from sightline.runtime.components import Component
from sightline.runtime.stores import Stores
from sightline.services.maintenance_planner import StoredMaintenancePlanner
from sightline.services.mqtt_part import CameraStatusReader, MqttPart
from sightline.services.notifier_factory import make_notifiers
from sightline.services.picture_reader import PictureReader
from sightline.services.receiver_tester import ConfiguredReceiverTester


@dataclass(frozen=True, slots=True)
class Messaging:
    """The receivers of one process, and which message goes to whom."""

    settings: Settings
    notifiers: Sequence[Notifier]
    routing: Routing
    pictures: PictureReader
    clock: Clock

    def make_dispatcher(self, stores: Stores, live: LiveState, grouping: GroupingPolicy | None) -> Dispatcher:
        """Return what sends the outbox of these stores; pictures come from the live state, where they are allowed."""
        if self.settings.pictures == "memory":
            self.pictures.use(live)
        scope = self.settings.alerts.scope()
        return Dispatcher(
            stores.alerts,
            stores.streams,
            behind_shadow(self.notifiers, stores.shadow, stores.streams, scope, self.clock),
            self.clock,
            grouping=grouping,
            routing=self.routing,
            quiet=stores.quiet,
            follow_ups=self.settings.alerts.follow_ups(),
            flaps=FlapWatch(partial(_read_statuses, live)),
        )

    def make_maintenance_planner(self, stores: Stores) -> StoredMaintenancePlanner:
        """Return what announces maintenance and puts messages off."""
        return StoredMaintenancePlanner(stores.reports, stores.quiet, self.clock, self.settings.reports.zones().of)

    def make_mirrors(self, stores: Stores, live: LiveState) -> list[Component]:
        """Return the parts that keep brokers' topics as the page shows the cameras."""
        reader = CameraStatusReader(stores.streams, live, self.clock)
        return [
            MqttPart(MqttMirror(name, receiver, reader.read, self.settings.api.public_url))
            for name, receiver in self.settings.alerts.receivers.items()
            if isinstance(receiver, MqttSettings)
        ]

    def trial(self) -> ConfiguredReceiverTester:
        """Return what sends a test message to one of the receivers."""
        return ConfiguredReceiverTester(self.notifiers, self.clock)


def make_messaging(
    settings: Settings, clock: Clock, further: Sequence[Notifier] = (), *, configured: bool = True
) -> Messaging:
    """Return the receivers of the settings, none unless `configured`; `further` ones get every message.

    Raises `ConfigError` for an address that cannot be used.
    """
    pictures = PictureReader(clock)
    notifiers = make_notifiers(settings, clock, pictures) if configured else []
    routing = make_routing(settings)
    always = (*routing.always, *(notifier.name for notifier in further))
    routing = replace(routing, always=always, everyone=tuple(notifier.name for notifier in notifiers))
    return Messaging(settings, (*notifiers, *further), routing, pictures, clock)


def _read_statuses(live: LiveState) -> Mapping[str, StreamStatus]:
    """Return the connections that are known now; none while the live state is unavailable."""
    try:
        snapshots = live.all()
    except StoreUnavailable:
        return {}
    return {name: each.status for name, each in snapshots.items() if each.status is not None}
