"""Contract of Notifier: a name, and a message that is delivered or raises NotifierUnavailable without a secret."""

import socket
from collections.abc import Callable, Iterator, Mapping
from typing import get_args

import pytest

from domain.errors import NotifierUnavailable
from domain.ports import Notifier
from notification.message import MessageWriter
from notification.notifiers.catalogue import ReceiverSettings
from notification.notifiers.chat import ChatSettings
from notification.notifiers.log import LogNotifier
from notification.notifiers.mail import MailSettings
from notification.notifiers.mqtt import MqttSettings
from notification.notifiers.webhook import WebhookNotifier
from notification.receiver_settings import ReceiverTools
from tests.canary import WORD
from tests.contract.records import entry
from tests.fakes.ports import FakeClock, FakeNotifier

HOST = "127.0.0.1"
TOOLS = ReceiverTools(FakeClock(), MessageWriter())


def webhook(port: int) -> Notifier:
    return WebhookNotifier(f"http://{HOST}:{port}/{WORD}", clock=FakeClock(), secret=WORD, name="ops", timeout_s=5.0)


def mail(port: int) -> Notifier:
    to = ("guard@example.org",)
    return MailSettings(
        type="smtp", host=HOST, port=port, security="none", user="ops", password=WORD, sender="a@example.org", to=to
    ).make("ops", TOOLS)


def chat(port: int) -> Notifier:
    return ChatSettings(type="apprise", url=f"json://ops:{WORD}@{HOST}:{port}/").make("ops", TOOLS)


def broker(port: int) -> Notifier:
    settings = MqttSettings(type="mqtt", host=HOST, port=port, tls=False, user="ops", password=WORD, timeout_s=5.0)
    return settings.make("ops", TOOLS)


CONFIGURED: Mapping[str, Callable[[int], Notifier]] = {"smtp": mail, "apprise": chat, "mqtt": broker}
"""How each kind of receiver that the settings may name is made, by its `type`."""


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that refuses connections: it is bound, so that nobody else takes it, and does not listen."""
    with socket.socket() as bound:
        bound.bind((HOST, 0))
        yield bound.getsockname()[1]


@pytest.mark.parametrize("make", [webhook, *CONFIGURED.values()])
def test_a_server_that_refuses_makes_it_unavailable_and_no_secret_is_shown(
    make: Callable[[int], Notifier], closed_port: int
) -> None:
    notifier = make(closed_port)
    assert notifier.name == "ops"
    with pytest.raises(NotifierUnavailable) as refused:
        notifier.send(entry())
    assert WORD not in f"{refused.value} {notifier!r}"


@pytest.mark.parametrize("notifier", [LogNotifier(), FakeNotifier()])
def test_one_that_needs_no_server_takes_the_message_again_and_again(notifier: Notifier) -> None:
    assert notifier.name
    notifier.send(entry())
    notifier.send(entry())


def test_every_kind_that_the_settings_may_name_is_held_to_this_contract() -> None:
    kinds = get_args(get_args(ReceiverSettings)[0])
    named = {get_args(kind.model_fields["type"].annotation)[0] for kind in kinds}
    assert named == set(CONFIGURED)
