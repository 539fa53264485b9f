"""Why a broker refuses a connection. kafka-python only logs the cause; its exceptions only say "not available".

The log is captured while connecting, and wrong settings are separated from outages that pass.
"""

import logging
from dataclasses import dataclass, field

from kafka import errors

_CREDENTIALS = "queue.user, queue.password, queue.mechanism: the broker refused the user or password"
_NO_LOGIN = "queue.user: the broker asks for a user and a password"
_UNTRUSTED = "queue.ca_file: the broker's certificate is not signed by who this file names, or is for another name"
_NO_CERTIFICATE = (
    "queue.certificate_file, queue.key_file: the broker asks for a certificate of ours, and refuses this one or none"
)
_TLS_ALERT = f"frame length: {0x15030300}"
"""What the client says where a TLS alert's first four bytes (RFC 5246, 6.2.1) come in the place of a length."""
_MIN_LOST = 2


@dataclass(frozen=True, slots=True)
class _LostConnection:
    """One connection that ended: what was said, and whether the broker had answered anything before."""

    text: str
    answered: bool


@dataclass(slots=True)
class ConnectionFailures:
    """What the log said about lost connections."""

    lost: list[_LostConnection] = field(default_factory=list)
    login_refused: bool = False

    def refusal(self, *, with_login: bool) -> str:
        """Return the setting that is wrong and why, "" where waiting may help."""
        if self.login_refused:
            return _CREDENTIALS
        text = " ".join(each.text for each in self.lost)
        if "CERTIFICATE_VERIFY_FAILED" in text:
            return _UNTRUSTED
        if "BAD_CERTIFICATE" in text or "CERTIFICATE_REQUIRED" in text:
            return _NO_CERTIFICATE
        # Over TLS a refused login is lost with the connection; a broker that dies does not answer first each time.
        if len(self.lost) >= _MIN_LOST and all(each.answered and "disconnected" in each.text for each in self.lost):
            return _CREDENTIALS if with_login else _NO_LOGIN
        return ""

    def hint(self, *, tls: bool) -> str:
        """Return what may be wrong although waiting may help, for proxies end connections too; "" where nothing may."""
        if len(self.lost) < _MIN_LOST or any(each.answered for each in self.lost):
            return ""
        if tls and all("Handshake failed" in each.text for each in self.lost):
            return "; if it speaks no TLS, correct queue.tls"
        if not tls and all("disconnected" in each.text or _TLS_ALERT in each.text for each in self.lost):
            return "; if it speaks TLS alone, set queue.tls"
        return ""


class KafkaLogCapture(logging.Handler):
    """Captures the client's log for the length of a block; nothing of it reaches other handlers."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._heard = ConnectionFailures()
        self._logger = logging.getLogger("kafka")
        self._before = (self._logger.level, self._logger.propagate)

    def emit(self, record: logging.LogRecord) -> None:
        arguments = record.args if isinstance(record.args, tuple) else ()
        self._heard.login_refused |= any(isinstance(each, errors.SaslAuthenticationFailedError) for each in arguments)
        if record.name == "kafka.net.connection" and len(arguments) == 2:
            answered = getattr(arguments[0], "broker_version", None) is not None
            self._heard.lost.append(_LostConnection(str(arguments[1]), answered))

    def __enter__(self) -> ConnectionFailures:
        self._before = (self._logger.level, self._logger.propagate)
        self._logger.setLevel(logging.WARNING)
        self._logger.propagate = False
        self._logger.addHandler(self)
        return self._heard

    def __exit__(self, *_: object) -> None:
        self._logger.removeHandler(self)
        self._logger.level, self._logger.propagate = self._before
