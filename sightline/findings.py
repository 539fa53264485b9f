"""One line of the doctor's: what was looked at, how it is, and what to do where it is not well."""

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    OK = "ok"
    NOTE = "note"
    """Works, but not everything the user may expect."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at and how it is; the text says what to do where it is not well."""

    subject: str
    health: Health
    text: str
