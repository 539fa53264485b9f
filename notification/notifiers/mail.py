"""Mail by SMTP, with TLS unless the server is this machine."""

import base64
import logging
import smtplib
import ssl
from collections.abc import Sequence
from contextlib import suppress
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from hashlib import sha256
from typing import Literal

from pydantic import Field, field_validator

from domain.alerts import NotificationKind, OutboxEntry
from domain.errors import ConfigError, NotifierUnavailable
from domain.ports import AnsweringNotifier
from domain.report_files import MEDIA_TYPES, ReportFile
from domain.text.addresses import is_loopback
from notification.message import Message
from notification.receiver_settings import ReceiverSection, ReceiverTools, hide_secrets

_log = logging.getLogger(__name__)

LARGEST_REPORT_BYTES = 15_000_000
"""Most servers refuse a mail of more than 20 to 25 MB, and base64 adds a third."""


class MailSettings(ReceiverSection):
    """A mailbox, or several; after an outage and in a burst one mail holds all messages."""

    type: Literal["smtp"]
    """`smtp`: mail."""
    host: str = Field(min_length=1)
    """The mail server."""
    port: int = Field(default=587, ge=1, le=65535)
    """Its port: 587 with `starttls`, 465 with `tls`."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is encrypted; `none` only for a server on this machine."""
    ca_file: str = ""
    """Certificates that sign the server's own, PEM; else those that the system trusts."""
    user: str = Field(default="", repr=False)
    """User of the login; none where it is not given."""
    password: str = Field(default="", repr=False)
    """Password of the login."""
    sender: str
    """Whom mails are from, such as `Sightline <sightline@example.org>`."""
    to: tuple[str, ...] = Field(min_length=1)
    """The mailboxes."""
    pictures: bool = False
    """Whether the picture of now goes along; never with `pictures: never`."""
    digest: bool = True
    """Whether many messages at once become one mail; else each is a mail."""
    timeout_s: float = Field(default=20.0, gt=0, le=600)
    """Seconds to wait for the server."""

    @field_validator("sender", "to")
    @classmethod
    def _check_mailboxes(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for mailbox in (value,) if isinstance(value, str) else value:
            address = parseaddr(mailbox)[1]
            if address.count("@") != 1 or not mailbox.isprintable() or " " in address:
                raise ValueError("write mailboxes such as guard@example.org")
        return value

    def make(self, name: str, tools: ReceiverTools) -> AnsweringNotifier:
        notifier = MailNotifier(name, self, tools)
        return notifier if self.digest else SingleMails(notifier)

    def secrets(self) -> tuple[str, ...]:
        return (self.password,)

    def find_conflicts(self) -> tuple[str, ...]:
        conflicts = []
        if self.security == "none" and not is_loopback(self.host):
            conflicts.append("security: none is only for a server on this machine; use starttls or tls")
        if bool(self.user) != bool(self.password):
            conflicts.append("user: give user and password, or neither")
        return tuple(conflicts)


class MailNotifier:
    """Sends a mail for each message; a repeat has the same `Message-ID`, and mails of an incident are one thread."""

    def __init__(self, name: str, settings: MailSettings, tools: ReceiverTools) -> None:
        """Raise `ConfigError` for a file of certificates that cannot be read."""
        self.name = name
        self._settings = settings
        self._tools = tools
        try:
            self._context = ssl.create_default_context(cafile=settings.ca_file or None)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"{name}.ca_file: cannot be read as certificates (PEM)") from error
        self._secrets = (settings.password, *_forms(settings.user, settings.password))

    def send(self, entry: OutboxEntry) -> None:
        self.send_and_read_answer(entry)

    def send_and_read_answer(self, entry: OutboxEntry) -> str:
        mail = self._compose(self._tools.writer.write(entry), entry)
        if entry.kind is not NotificationKind.FIRING:
            mail["In-Reply-To"] = mail["References"] = _message_id(f"{entry.incident.incident_id}:firing")
        if self._settings.pictures and entry.incident.stream_id:
            picture = self._tools.read_picture(entry.incident.stream_id)
            if picture is not None:
                mail.add_attachment(picture, maintype="image", subtype="jpeg", filename="now.jpg")
        return self._deliver(mail)

    def send_digest(self, entries: Sequence[OutboxEntry]) -> None:
        """Send one mail that holds all of these messages."""
        self._deliver(self._compose(self._tools.writer.write_digest(entries), entries[-1]))

    def send_report(self, report: ReportFile) -> None:
        """Send a report as an attachment. Raises `NotifierUnavailable`."""
        if len(report.content) > LARGEST_REPORT_BYTES:
            raise NotifierUnavailable(f"{self.name}: the report {report.name} is too large for a mail")
        mail = self._envelope(f"Report: {report.name}", report.name)
        mail["Date"] = format_datetime(self._tools.clock.now())
        mail.set_content(f"The report {report.name} is attached.\n{self._tools.writer.public_url}\n")
        kind, _, subtype = MEDIA_TYPES[report.format].partition(";")[0].partition("/")
        mail.add_attachment(report.content, maintype=kind, subtype=subtype, filename=report.name)
        self._deliver(mail)

    def _compose(self, message: Message, entry: OutboxEntry) -> EmailMessage:
        mail = self._envelope(message.title, message.key)
        mail["Date"] = format_datetime(entry.created_at)
        mail["X-Sightline-Key"] = message.key if len(message.key) < 900 else _digest(message.key)
        mail.set_content(f"{message.title}\n\n{message.text}\n")
        return mail

    def _envelope(self, subject: str, key: str) -> EmailMessage:
        mail = EmailMessage()
        mail["Subject"] = " ".join(subject.split())[:200]
        mail["From"] = self._settings.sender
        mail["To"] = ", ".join(self._settings.to)
        mail["Message-ID"] = _message_id(key)
        mail["Auto-Submitted"] = "auto-generated"
        return mail

    def _deliver(self, mail: EmailMessage) -> str:
        connection: _Smtp | _SmtpOverTls | None = None
        try:
            connection = self._connect()
            refused = connection.send_message(mail)
            answer = connection.answer
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise NotifierUnavailable(f"{self._settings.host}: {self._describe(error)}") from None
        finally:
            if connection is not None:
                with suppress(smtplib.SMTPException, OSError):
                    connection.quit()
        if refused:
            # The others have it: another try would send it to them again.
            _log.warning(
                "%s refused %d of the %d mailboxes of %s",
                self._settings.host,
                len(refused),
                len(self._settings.to),
                self.name,
            )
        return hide_secrets(answer, self._secrets)

    def _connect(self) -> "_Smtp | _SmtpOverTls":
        settings = self._settings
        if settings.security == "tls":
            connection: _Smtp | _SmtpOverTls = _SmtpOverTls(
                settings.host, settings.port, timeout=settings.timeout_s, context=self._context
            )
        else:
            connection = _Smtp(settings.host, settings.port, timeout=settings.timeout_s)
        try:
            if settings.security == "starttls":
                connection.starttls(context=self._context)
            if settings.user:
                connection.login(settings.user, settings.password)
        except BaseException:
            connection.close()
            raise
        return connection

    def _describe(self, error: Exception) -> str:
        if isinstance(error, smtplib.SMTPResponseException):
            return hide_secrets(f"answered {error.smtp_code} {_as_text(error.smtp_error)}", self._secrets)
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            code, answer = next(iter(error.recipients.values()))
            return hide_secrets(f"refused all mailboxes: {code} {_as_text(answer)}", self._secrets)
        if isinstance(error, ssl.SSLCertVerificationError):
            return "its certificate is not trusted; set ca_file to the authority that signed it"
        if isinstance(error, smtplib.SMTPNotSupportedError) and "STARTTLS" in str(error):
            return "offers no STARTTLS, so nothing was sent; use security: tls with port 465, or another server"
        return hide_secrets(f"{type(error).__name__}: {error}", self._secrets)


class SingleMails:
    """A mail for each message, however many there are."""

    def __init__(self, inner: MailNotifier) -> None:
        self.name = inner.name
        self.send_report = inner.send_report
        self._inner = inner

    def send(self, entry: OutboxEntry) -> None:
        self._inner.send(entry)

    def send_and_read_answer(self, entry: OutboxEntry) -> str:
        return self._inner.send_and_read_answer(entry)


class _KeepsAnswer(smtplib.SMTP):
    """Keeps what the server said last."""

    answer = ""

    def getreply(self) -> tuple[int, bytes]:
        code, text = super().getreply()
        self.answer = f"{code} {text.decode(errors='replace')}"
        return code, text


class _Smtp(_KeepsAnswer):
    pass


class _SmtpOverTls(_KeepsAnswer, smtplib.SMTP_SSL):
    pass


def _forms(user: str, password: str) -> tuple[str, ...]:
    """Return how a login travels, which a server may repeat."""
    if not password:
        return ()
    plain = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    return plain, base64.b64encode(password.encode()).decode()


def _as_text(answer: str | bytes) -> str:
    return answer if isinstance(answer, str) else answer.decode(errors="replace")


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]


def _message_id(key: str) -> str:
    return f"<{_digest(key)}@sightline.invalid>"
