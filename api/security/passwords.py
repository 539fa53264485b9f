"""Passwords and the secrets of API keys, and what is kept of them.

A password is chosen by a person, so it is hashed by argon2id with the library's costs (RFC 9106, low memory). A key's
secret has 256 random bits, which nobody guesses: its SHA-256 is enough, and costs a request nothing.
"""

import hashlib
import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from domain.errors import ConfigError

MIN_PASSWORD_LENGTH = 12
MAX_PASSWORD_LENGTH = 256
KEY_PREFIX = "sl_"

_hasher = PasswordHasher()


def check_new_password(password: str) -> None:
    """Raise `ConfigError` for a password that may not be chosen; what it says never holds the password."""
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        raise ConfigError(
            f"password: {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters are needed; take several words"
        )
    if len(set(password)) < 4:
        raise ConfigError("password: the same few characters again and again; take several words")


def hash_password(password: str) -> str:
    """Return what is kept of a password."""
    return _hasher.hash(password.encode("utf-8", "surrogatepass"))


def is_password(password: str, password_hash: str | None) -> bool:
    """Return whether a password is the one that was hashed; for None, nobody's hash, it takes as long and is False."""
    if len(password) > MAX_PASSWORD_LENGTH:
        return False
    try:
        matches = _hasher.verify(password_hash or _decoy_hash(), password.encode("utf-8", "surrogatepass"))
    except (VerificationError, InvalidHashError):
        return False
    return matches and password_hash is not None


@cache
def _decoy_hash() -> str:
    return hash_password(secrets.token_hex(16))


def make_key_text() -> tuple[str, str, str]:
    """Return a new key's id, its whole text, which is shown once, and the digest that is kept."""
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    return key_id, f"{KEY_PREFIX}{key_id}_{secret}", key_digest(secret)


def split_key_text(text: str) -> tuple[str, str]:
    """Return the id and the digest of the secret of a key's text; ("", "") for what is no key."""
    if not text.startswith(KEY_PREFIX):
        return "", ""
    key_id, _, secret = text.removeprefix(KEY_PREFIX).partition("_")
    return key_id, key_digest(secret)


def key_digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
