"""Another service signs people in: what it is asked for, and what it answers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.errors import SightlineError


class SignOnUnavailable(SightlineError):
    """The service does not answer; signing in by other ways goes on."""


class SignOnRefused(SightlineError):
    """What the service answered lets nobody in."""


@dataclass(frozen=True, slots=True)
class SignOnStep:
    """What belongs to one attempt: `state` comes back with the browser, `nonce` inside the signed answer, and
    `verifier` proves that who began is who ends (PKCE, RFC 7636).
    """

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class SignedOn:
    """Whom another service signed in, with the groups that a rule names."""

    name: str
    groups: tuple[str, ...] = ()


class SignOnService(Protocol):
    """A service that signs people in. Both methods may take seconds."""

    @property
    def label(self) -> str:
        """What the button is called."""
        ...

    def address(self, step: SignOnStep) -> str:
        """Return where the browser is led. Raises `SignOnUnavailable`."""
        ...

    def identify(self, step: SignOnStep, code: str, now: datetime) -> SignedOn:
        """Return whom a code stands for. Raises `SignOnUnavailable` or `SignOnRefused`."""
        ...
