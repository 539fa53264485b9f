"""Another service signs people in: what it is asked for, and what it answers."""

from dataclasses import dataclass


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
