"""A real SMTP server in this process: TLS, a login, and the power to refuse."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from lab.services.certificates import Certificate
from tests.services import free_port

USER, PASSWORD = "sightline", "hunter2-mail"


@dataclass
class Mailbox:
    """What arrived. `refuse` is answered in place of taking a mail."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    refuse: str = ""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refuse:
            return self.refuse
        mail = message_from_bytes(envelope.content, policy=default)  # type: ignore[arg-type]
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 2.0.0 Ok: queued as 4XyZ"


def _check_login(server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: Any) -> AuthResult:
    good = isinstance(login, LoginPassword) and (login.login, login.password) == (USER.encode(), PASSWORD.encode())
    # A careless server repeats what it was given.
    return AuthResult(success=good, handled=False) if good else AuthResult(success=False, handled=False)


@contextmanager
def mail_server(certificate: Certificate | None = None, *, port: int | None = None) -> Iterator[Mailbox]:
    """Give a server on the loopback; with a certificate it asks for STARTTLS and a login."""
    box = Mailbox(port or free_port())
    options: dict[str, Any] = {}
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.chain, certificate.key)
        options = {
            "tls_context": context,
            "require_starttls": True,
            "authenticator": _check_login,
            "auth_required": True,
        }
    server = Controller(box, hostname="127.0.0.1", port=box.port, **options)
    server.start()
    try:
        yield box
    finally:
        server.stop(no_assert=True)
