"""Tries the service that signs people in: its description, its clock and its keys, within seconds."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

from domain.errors import SignOnRefused, SignOnUnavailable
from sightline.config.settings import Settings
from sightline.doctor.finding import Finding, Health
from sightline.services.oidc_sign_on import CLOCK_LEEWAY_S, IssuerState, read_issuer

SUBJECT = "sign-in service"
WAIT_S = 3.0
"""Seconds for the description and the keys together, whatever the service does."""

Read = Callable[[str], IssuerState]


def check_sign_in(settings: Settings, *, read: Read = read_issuer, wait_s: float = WAIT_S) -> Finding | None:
    """Return what was found of the service, None where the settings name none. Nobody is signed in by it."""
    oidc = settings.api.sign_in.oidc
    if oidc is None:
        return None
    results: list[Finding] = []
    # One that sends single bytes slowly keeps every time limit of its connection.
    thread = threading.Thread(target=lambda: results.append(_try(oidc.issuer, read)), daemon=True, name="doctor")
    thread.start()
    thread.join(wait_s)
    if results:
        return results[0]
    return Finding(
        SUBJECT, Health.FAILED, f"{oidc.issuer} did not answer in time; check the network, or api.sign_in.oidc"
    )


def _try(issuer: str, read: Read) -> Finding:
    try:
        found = read(issuer)
    except (SignOnRefused, SignOnUnavailable) as error:
        return Finding(SUBJECT, Health.FAILED, f"{issuer}: {error}")
    if not found.keys:
        return Finding(SUBJECT, Health.FAILED, f"{issuer} publishes no key that signs; nobody can sign in by it")
    offset_s = 0.0 if found.clock is None else abs((found.clock - datetime.now(UTC)).total_seconds())
    if offset_s > CLOCK_LEEWAY_S:
        text = f"{issuer}: its clock and that of this machine differ by {offset_s:.0f} s; set both by NTP"
        return Finding(SUBJECT, Health.FAILED, text)
    return Finding(SUBJECT, Health.OK, f"{issuer} answers, with {found.keys} keys; the clocks agree")
