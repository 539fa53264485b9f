"""A test message by the API: the receiver's own answer, and its numbers in /metrics."""

from collections.abc import Sequence

import pytest

from domain.errors import NotifierUnavailable
from tests.unit.api.conftest import Caller, make_app
from tests.unit.api.sample_cameras import SampleCameras


class Trial:
    """Two receivers, of which one refuses."""

    def names(self) -> Sequence[str]:
        return ("mail", "chat")

    def send_test(self, name: str) -> str:
        if name == "chat":
            raise NotifierUnavailable("chat (slack): error=403")
        return "250 2.0.0 Ok: queued as 4XyZ"


@pytest.fixture
def caller(stage: SampleCameras) -> Caller:
    return Caller(make_app(stage, receivers=Trial()))


def test_the_receivers_are_listed(caller: Caller) -> None:
    assert caller.get("/api/v1/receivers").json() == [{"name": "mail"}, {"name": "chat"}]


@pytest.mark.parametrize(
    ("name", "delivered", "said"),
    [("mail", True, "250 2.0.0 Ok: queued as 4XyZ"), ("chat", False, "chat (slack): error=403")],
)
def test_a_test_message_shows_the_receivers_own_answer(caller: Caller, name: str, delivered: bool, said: str) -> None:
    answer = caller.post(f"/api/v1/receivers/{name}/test")
    assert answer.status_code == 200
    assert answer.json() == {"name": name, "delivered": delivered, "answer": said}


def test_a_receiver_that_is_none_is_not_found(caller: Caller) -> None:
    assert caller.post("/api/v1/receivers/nobody/test").status_code == 404


def test_a_process_that_sends_nothing_has_no_receivers(api: Caller) -> None:
    assert api.get("/api/v1/receivers").status_code == 404


def test_deliveries_are_counted_for_each_receiver(stage: SampleCameras) -> None:
    counted = {"notifications_delivered_total": {"mail": 3.0, "chat": 0.0}, "notifications_waiting": {"chat": 2.0}}
    text = Caller(make_app(stage, metrics=lambda: counted)).get("/metrics").text
    assert 'sightline_notifications_delivered_total{receiver="mail"} 3.0' in text
    assert 'sightline_notifications_waiting{receiver="chat"} 2.0' in text
