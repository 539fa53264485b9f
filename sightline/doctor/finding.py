"""One line of the doctor's: what was looked at, how it is, and what to do where it is not well."""

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
    """What was looked at and how it is; the text says what to do where it is not well."""

    subject: str
    health: Health
    text: str


def run_check(subject: str, look: Callable[[Settings], Finding], settings: Settings) -> Finding:
    """Return what a look finds; whatever it trips over becomes a finding too, and keeps no other from being made."""
    try:
        return look(settings)
    except SightlineError as error:
        return Finding(subject, Health.FAILED, str(error))
    except Exception as error:  # noqa: BLE001 - one look that fails must not hide what the others find
        # The text of a foreign error may quote an address with its password.
        problem = f"cannot be looked at ({type(error).__name__}); check what the settings say of it"
        return Finding(subject, Health.FAILED, problem)
