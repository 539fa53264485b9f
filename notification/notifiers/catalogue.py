"""Every kind of receiver that the settings may name. A new one is a file beside this one, and its name here."""

from typing import Annotated, TypeAlias

from pydantic import Field

from notification.notifiers.chat import ChatSettings
from notification.notifiers.mail import MailSettings
from notification.notifiers.mqtt import MqttSettings

ReceiverSettings: TypeAlias = Annotated[MailSettings | ChatSettings | MqttSettings, Field(discriminator="type")]
"""One receiver of the settings, by its `type`."""
