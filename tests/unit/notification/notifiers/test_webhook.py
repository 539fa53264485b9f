import hashlib
import hmac
import json
import logging
from datetime import timedelta

import httpx
import pytest

from domain.alerts import Incident, IncidentState, NotificationKind, OutboxEntry
from domain.baselines import LightMode
from domain.errors import ConfigError, NotifierUnavailable
from domain.faults import Evidence, Fault
from notification.notifiers.log import LogNotifier
from notification.notifiers.webhook import WebhookNotifier
from tests.fakes.ports import START, FakeClock

URL = "https://hooks.test/services/T0K3N/abc?key=hunter2"
INCIDENT = Incident(
    "0123456789abcdef", "gate", Fault.BLUR, IncidentState.OPEN, START, START, site="depot", group="switch-1",
    symptoms=(Fault.CAMERA_MOVED,), summary="gate: out of focus (edge_width 14)",
    evidence=Evidence("edge_width", "px", 14.0, None, 9.0, LightMode.DAY, START, 300),
)  # fmt: skip
FIRING = OutboxEntry("0123456789abcdef:firing", NotificationKind.FIRING, INCIDENT, START)


class Receiver:
    """Answers as it is told and keeps what it was sent."""

    def __init__(self, status: int = 200, headers: dict[str, str] | None = None, content: bytes = b"ok") -> None:
        self.requests: list[httpx.Request] = []
        self._answer = (status, headers or {}, content)

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._take)

    def _take(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        status, headers, content = self._answer
        return httpx.Response(status, headers=headers, content=content)


def notifier(receiver: Receiver, secret: str = "hush-hunter2") -> WebhookNotifier:
    return WebhookNotifier(URL, clock=FakeClock(), secret=secret, transport=receiver.transport())


def test_the_body_is_what_alertmanagers_receivers_expect() -> None:
    receiver = Receiver()
    notifier(receiver).send(FIRING)
    sent = json.loads(receiver.requests[0].content)
    assert sent["version"] == "4"
    assert {"receiver", "status", "alerts", "groupLabels", "commonLabels", "commonAnnotations", "externalURL"} <= set(
        sent
    )
    (alert,) = sent["alerts"]
    assert alert["status"] == "firing"
    assert alert["fingerprint"] == sent["groupKey"] == "0123456789abcdef"
    assert alert["labels"] == {
        "alertname": "blur",
        "camera": "gate",
        "site": "depot",
        "group": "switch-1",
        "severity": "warning",
    }
    assert alert["annotations"]["value"] == "14"
    assert alert["annotations"]["normal_high"] == "9"
    assert alert["annotations"]["symptoms"] == "camera_moved"
    assert alert["annotations"]["label"] == "out of focus"
    assert alert["startsAt"] == "2026-03-02T08:00:00Z"
    assert alert["endsAt"] == "0001-01-01T00:00:00Z"


def test_the_end_is_the_same_alert_resolved() -> None:
    receiver = Receiver()
    ended = Incident(
        "0123456789abcdef", "gate", Fault.BLUR, IncidentState.RESOLVED, START, START,
        resolved_at=START + timedelta(minutes=5),
    )  # fmt: skip
    notifier(receiver).send(OutboxEntry("0123456789abcdef:resolved", NotificationKind.RESOLVED, ended, START))
    sent = json.loads(receiver.requests[0].content)
    assert sent["status"] == "resolved"
    assert sent["alerts"][0]["endsAt"] == "2026-03-02T08:05:00Z"
    assert sent["alerts"][0]["fingerprint"] == "0123456789abcdef"


def test_the_signature_is_hmac_sha256_over_time_and_body() -> None:
    receiver = Receiver()
    notifier(receiver).send(FIRING)
    request = receiver.requests[0]
    stamp, digest = (part.split("=")[1] for part in request.headers["X-Sightline-Signature"].split(","))
    assert int(stamp) == int(START.timestamp())
    expected = hmac.new(b"hush-hunter2", stamp.encode() + b"." + request.content, hashlib.sha256).hexdigest()
    assert digest == expected
    assert request.headers["Idempotency-Key"] == "0123456789abcdef:firing"


def test_without_a_secret_nothing_is_signed() -> None:
    receiver = Receiver()
    notifier(receiver, secret="").send(FIRING)
    assert "X-Sightline-Signature" not in receiver.requests[0].headers


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://hooks.test/x", "hooks.test/x", "exec:rm", "https:///x", ""]
)
def test_only_http_and_https_are_called(url: str) -> None:
    with pytest.raises(ConfigError, match=r"notifiers\.webhooks\[1\]\.url"):
        WebhookNotifier(url, clock=FakeClock(), where="notifiers.webhooks[1].url")


def test_a_redirect_is_not_followed() -> None:
    receiver = Receiver(302, {"Location": "file:///etc/passwd"})
    with pytest.raises(NotifierUnavailable, match="answered 302"):
        notifier(receiver).send(FIRING)
    assert len(receiver.requests) == 1


def test_an_answer_without_end_is_cut_off() -> None:
    with pytest.raises(NotifierUnavailable, match="bytes"):
        notifier(Receiver(content=b"x" * 1_000_000)).send(FIRING)


def test_neither_secret_nor_token_shows_in_any_text(caplog: pytest.LogCaptureFixture) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"cannot reach {request.url}", request=request)

    caplog.set_level(logging.DEBUG)
    texts = []
    for transport in (httpx.MockTransport(refuse), Receiver(500).transport()):
        webhook = WebhookNotifier(URL, clock=FakeClock(), secret="hunter2", transport=transport)
        with pytest.raises(NotifierUnavailable) as raised:
            webhook.send(FIRING)
        texts += [str(raised.value), repr(webhook)]
    for text in (*texts, caplog.text):
        for hidden in ("T0K3N", "hunter2", "hush"):
            assert hidden not in text


def test_the_log_gets_one_line_a_message_with_the_weight_it_has(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    LogNotifier().send(FIRING)
    LogNotifier().send(OutboxEntry("k", NotificationKind.RESOLVED, INCIDENT, START))
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "gate: out of focus" in caplog.records[0].getMessage()
