"""Chats, phones and syslog through Apprise: one address a receiver, its scheme from an allow-list."""

import logging
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from domain.alerts import IncidentState, OutboxEntry
from domain.errors import ConfigError, NotifierUnavailable
from domain.ports import AnsweringNotifier
from notification.message import Message
from notification.receiver_settings import ReceiverSection, ReceiverTools, hide_secrets

if TYPE_CHECKING:
    from apprise import NotifyBase

SCHEMES = frozenset(
    (
        *("discord", "gchat", "json", "jsons", "matrix", "matrixs", "mmost", "mmosts", "ntfy", "ntfys", "opsgenie"),
        *("pagerduty", "pover", "rocket", "rockets", "rsyslog", "signal", "signals", "slack", "syslog", "tgram"),
        *("twilio", "workflow", "workflows"),
    )
)
"""Apprise knows others, some of which show windows or run programs on this machine."""
FOR_PROGRAMS = frozenset(("json", "jsons"))
"""Who reads these compares keys, so a digest holds all of them; people get the beginning."""
SHORTEST_SECRET = 4
_SEPARATORS = re.compile(r"[/:@?&=#,]+")
_LOG = logging.getLogger("apprise")


class ChatSettings(ReceiverSection):
    """A chat, a phone or a log, by an address of Apprise: Slack, Teams, Telegram, PagerDuty, Matrix, ntfy, syslog …"""

    type: Literal["apprise"]
    """`apprise`: what the scheme of the address names."""
    url: str = Field(min_length=1, repr=False)
    """Apprise's address, such as `slack://TOKEN_A/TOKEN_B/TOKEN_C/#channel`; use `url_file`, for it is a secret."""
    pictures: bool = False
    """Whether the picture of now goes along, where the service takes one; never with `pictures: never`."""
    digest: bool = True
    """Whether many messages at once become one; else each is sent."""

    def make(self, name: str, tools: ReceiverTools) -> AnsweringNotifier:
        notifier = ChatNotifier(name, self, tools)
        return notifier if self.digest else SingleMessages(notifier)

    def secrets(self) -> tuple[str, ...]:
        """Return every part of the address that could be a token."""
        rest = self.url.partition("://")[2]
        parts = (part for part in _SEPARATORS.split(rest) if len(part) >= SHORTEST_SECRET)
        return (self.url, *parts)

    def find_conflicts(self) -> tuple[str, ...]:
        scheme = self.url.partition("://")[0].lower()
        if "://" not in self.url or scheme not in SCHEMES:
            return (f"url: the scheme must be one of {', '.join(sorted(SCHEMES))}",)
        return ()


class ChatNotifier:
    """Sends each message as a title and lines; with digests, many messages as one."""

    def __init__(self, name: str, settings: ChatSettings, tools: ReceiverTools) -> None:
        """Raise `ConfigError` for an address that Apprise cannot read."""
        self.name = name
        self._settings = settings
        self._tools = tools
        self._scheme = settings.url.partition("://")[0].lower()
        self._secrets = settings.secrets()
        self._target = _open_target(settings.url, f"alerts.receivers.{name}.url")

    def send(self, entry: OutboxEntry) -> None:
        self.send_and_read_answer(entry)

    def send_and_read_answer(self, entry: OutboxEntry) -> str:
        picture = None
        if self._settings.pictures and entry.incident.stream_id:
            picture = self._tools.read_picture(entry.incident.stream_id)
        return self._deliver(self._tools.writer.write(entry), _kind_of(entry), picture)

    def send_digest(self, entries: Sequence[OutboxEntry]) -> None:
        """Send all of these as one message."""
        worst = next((each for each in entries if each.incident.state is IncidentState.OPEN), entries[-1])
        self._deliver(self._tools.writer.write_digest(entries), _kind_of(worst), None)

    def _deliver(self, message: Message, kind: str, picture: bytes | None) -> str:
        key = message.key if self._scheme in FOR_PROGRAMS else _short_key(message.key)
        body = f"{message.text}\n\n[{key}]"
        with _capture_answers() as answers:
            sent = self._target.notify(
                body=body, title=message.title, notify_type=kind, body_format="text", attach=_attachment(picture)
            )
        answer = hide_secrets("; ".join(answers), self._secrets)
        if not sent:
            raise NotifierUnavailable(f"{self.name} ({self._scheme}): {answer or 'not accepted, no reason was given'}")
        return answer or f"{self._scheme} accepted it"


class SingleMessages:
    """Each message by itself, however many there are."""

    def __init__(self, inner: ChatNotifier) -> None:
        self.name = inner.name
        self._inner = inner

    def send(self, entry: OutboxEntry) -> None:
        self._inner.send(entry)

    def send_and_read_answer(self, entry: OutboxEntry) -> str:
        return self._inner.send_and_read_answer(entry)


def _open_target(url: str, where: str) -> "NotifyBase":
    import apprise  # noqa: PLC0415 - takes a quarter of a second, and most commands send nothing

    with _capture_answers():
        target = apprise.Apprise.instantiate(url, suppress_exceptions=True)
    if target is None:
        raise ConfigError(f"{where}: Apprise cannot read this address; its wiki shows the form for each service")
    opened: NotifyBase = target
    if opened.overflow_mode == apprise.OverflowMode.UPSTREAM:
        # A digest is longer than some services take, and they would refuse it for ever.
        opened.overflow_mode = apprise.OverflowMode.SPLIT
    return opened


def _attachment(picture: bytes | None) -> object:
    if picture is None:
        return None
    from apprise import AppriseAttachment  # noqa: PLC0415 - see above
    from apprise.attachment.memory import AttachMemory  # noqa: PLC0415

    attachment = AppriseAttachment()
    memory = AttachMemory(content=picture, name="now.jpg", mimetype="image/jpeg")  # type: ignore[no-untyped-call]
    attachment.add(memory)
    return attachment


def _kind_of(entry: OutboxEntry) -> str:
    if entry.incident.state is IncidentState.RESOLVED:
        return "success"
    return {"critical": "failure", "warning": "warning"}.get(entry.incident.severity, "info")


def _short_key(key: str) -> str:
    return key if len(key) <= 100 else f"{key[:97]}..."


class _AnswerFilter(logging.Filter):
    """Takes what Apprise logs: the only place where it says why a server refused, and it may hold the address."""

    def __init__(self) -> None:
        super().__init__()
        self.by_thread: dict[int, list[str]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        answers = self.by_thread.get(threading.get_ident())
        if answers is not None and record.levelno >= logging.WARNING:
            answers.append(record.getMessage())
        return False


_FILTER = _AnswerFilter()


@contextmanager
def _capture_answers() -> Iterator[list[str]]:
    """Give what Apprise says in this thread meanwhile."""
    _LOG.addFilter(_FILTER)  # adding it again changes nothing
    answers: list[str] = []
    _FILTER.by_thread[threading.get_ident()] = answers
    try:
        yield answers
    finally:
        del _FILTER.by_thread[threading.get_ident()]
