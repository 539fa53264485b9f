"""The token that makes the first administrator: printed once, kept as its SHA-256, over after an hour."""

import hashlib
import secrets
from datetime import timedelta

SETUP_LIFE = timedelta(hours=1)
SETUP_PATH = "/setup"


def make_setup_token() -> tuple[str, str]:
    """Return a new token of 256 random bits, which is shown this once, and the digest that is kept."""
    token = secrets.token_urlsafe(32)
    return token, setup_digest(token)


def setup_digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
