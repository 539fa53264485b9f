"""What the client's log means: the operator's to correct, or a broker to wait for."""

import logging
from types import SimpleNamespace

import pytest

from transport.kafka.connection_errors import ConnectionFailures, KafkaLogCapture


def capture_failures(*lost: tuple[str, bool]) -> ConnectionFailures:
    log = logging.getLogger("kafka.net.connection")
    with KafkaLogCapture() as told:
        for said, answered in lost:
            connection = SimpleNamespace(broker_version=(4, 1) if answered else None)
            log.error("%s: Connection lost: %s", connection, said)
    return told


REFUSED = ("KafkaConnectionError: 111 ECONNREFUSED", False)
CLOSED_LATE = ("KafkaConnectionError: socket disconnected", True)
TLS_ALERT = ("InvalidReceiveError: Invalid frame length: 352518912", False)  # 15 03 03 00, read as a length
TOO_LONG = ("InvalidReceiveError: Invalid frame length: 1213486160", False)  # "HTTP"
CLOSED_EARLY = ("KafkaConnectionError: socket disconnected", False)


def test_an_absent_or_dying_broker_is_waited_for() -> None:
    for lost in ([], [REFUSED] * 5, [CLOSED_LATE], [CLOSED_LATE, REFUSED, REFUSED], [CLOSED_EARLY] * 5):
        assert capture_failures(*lost).refusal(with_login=True) == "", lost


def test_a_broker_that_answers_and_then_hangs_up_each_time_refuses_the_login() -> None:
    assert capture_failures(CLOSED_LATE, CLOSED_LATE).refusal(with_login=True).startswith("queue.user, queue.password")
    assert (
        capture_failures(CLOSED_LATE, CLOSED_LATE).refusal(with_login=False).startswith("queue.user: the broker asks")
    )


@pytest.mark.parametrize(
    ("said", "named"), [("CERTIFICATE_VERIFY_FAILED", "queue.ca_file"), ("BAD_CERTIFICATE", "queue.certificate_file")]
)
def test_a_certificate_is_named_at_once(said: str, named: str) -> None:
    assert capture_failures((f"Handshake failed: [SSL: {said}]", False)).refusal(with_login=False).startswith(named)


def test_what_a_proxy_might_do_too_is_a_hint_only() -> None:
    assert "set queue.tls" in capture_failures(CLOSED_EARLY, CLOSED_EARLY).hint(tls=False)
    assert "set queue.tls" in capture_failures(CLOSED_EARLY, TLS_ALERT).hint(tls=False)
    assert capture_failures(CLOSED_EARLY, TOO_LONG).hint(tls=False) == ""
    ended = ("Handshake failed: EOF", False)
    assert "correct queue.tls" in capture_failures(ended, ended).hint(tls=True)
    assert capture_failures(REFUSED, REFUSED).hint(tls=False) == ""
    assert capture_failures().hint(tls=True) == ""


def test_the_log_is_kept_from_others_only_while_listening(caplog: pytest.LogCaptureFixture) -> None:
    capture_failures(CLOSED_LATE)
    assert caplog.records == []
    logging.getLogger("kafka.net.connection").error("later")
    assert [record.getMessage() for record in caplog.records] == ["later"]
