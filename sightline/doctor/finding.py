"""One finding of the doctor: what was checked, its health, and what to do where it is not well."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from domain.errors import SightlineError
from sightline.config.settings import Settings


class Health(StrEnum):
    OK = "ok"
    NOTE = "note"
    """Works, but not everything the user may expect."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was checked and its health; the text says what to do where it is not well."""

    subject: str
    health: Health
    text: str


def run_check(subject: str, check: Callable[[Settings], Finding], settings: Settings) -> Finding:
    """Return what a check finds. Any error becomes a finding too and stops no other check."""
    try:
        return check(settings)
    except Exception as error:  # noqa: BLE001 - one check that fails must not hide what the others find
        return describe_failure(subject, error)


def describe_failure(subject: str, error: Exception) -> Finding:
    """Return the finding of a check that raised; the text of a foreign error may quote an address with its password."""
    if isinstance(error, SightlineError):
        return Finding(subject, Health.FAILED, str(error))
    problem = f"cannot be checked ({type(error).__name__}); look at its settings"
    return Finding(subject, Health.FAILED, problem)
