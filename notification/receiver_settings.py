"""What every configured receiver has in common: its part of the settings makes it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict

from domain.ports import AnsweringNotifier, Clock
from domain.text.redaction import clean_reason
from notification.message import MessageWriter


def _without_picture(camera: str) -> bytes | None:
    return None


@dataclass(frozen=True, slots=True)
class ReceiverTools:
    """What receivers are made with. `read_picture` gives a camera's picture of now as JPEG, or None."""

    clock: Clock
    writer: MessageWriter
    read_picture: Callable[[str], bytes | None] = field(default=_without_picture)


class ReceiverSection(BaseModel):
    """The settings of one receiver: unknown keys, other types and later changes are refused."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    def make(self, name: str, tools: ReceiverTools) -> AnsweringNotifier:
        """Return the receiver. Raises `ConfigError` for what the operator must change."""
        raise NotImplementedError

    def secrets(self) -> tuple[str, ...]:
        """Return what no log, error or answer may show."""
        return ()

    def find_conflicts(self) -> tuple[str, ...]:
        """Return what is wrong with values that are each right by themselves: `key: sentence`."""
        return ()


def hide_secrets(text: str, secrets: tuple[str, ...]) -> str:
    """Return a server's answer as it may be shown: one line, without any of the secrets."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    return clean_reason(text)
