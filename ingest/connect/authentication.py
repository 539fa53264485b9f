"""Answers to a camera's challenge: Basic and Digest of RFC 7617 and RFC 7616, for RTSP and HTTP alike.

FFmpeg's own client knows MD5 only, and would take a redirected camera's challenge for the first one's.
"""

import hashlib
import re
import secrets
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from domain.errors import LoginRefused

_HASHES: Mapping[str, Callable[[bytes], "hashlib._Hash"]] = {
    "MD5": hashlib.md5,
    "SHA-256": hashlib.sha256,
    "SHA-512-256": lambda data: hashlib.new("sha512_256", data),
}
_STRENGTH = ("SHA-512-256", "SHA-256", "MD5")
_CHALLENGE = re.compile(r"(?:^|,)[ \t]*([A-Za-z][A-Za-z0-9-]{1,20})(?:[ \t]+(?=[A-Za-z0-9_-]+[ \t]*=)|[ \t]*(?=,|$))")
_PARAMETER = re.compile(r'([A-Za-z0-9_-]{1,40})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))')
MAX_CHALLENGE = 4096


@dataclass(frozen=True, slots=True)
class Login:
    """A user and a password; both empty where none are set."""

    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    def __bool__(self) -> bool:
        return bool(self.user or self.password)


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the camera asks for. `name` is "basic", "digest" or another kind, in lower case."""

    name: str
    parameters: Mapping[str, str]

    @property
    def stale(self) -> bool:
        return self.parameters.get("stale", "").lower() == "true"

    @property
    def algorithm(self) -> str:
        """The digest's hash, without the ending of session variants."""
        return self.parameters.get("algorithm", "MD5").upper().removesuffix("-SESS")


class Authenticator:
    """Writes the Authorization header of each request of one session, from the last challenge."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._challenge: Challenge | None = None
        self._count = 0

    @property
    def nonce(self) -> str:
        """What the present challenge is known by; "" before the first."""
        return "" if self._challenge is None else self._challenge.parameters.get("nonce", "")

    def take_challenge(self, headers: Iterable[str]) -> Challenge:
        """Remember the best challenge of these WWW-Authenticate headers.

        Raises `LoginRefused` where no login is set, or the camera wants a kind that is not known here.
        """
        challenges = parse_challenges(headers)
        if not self._login:
            raise LoginRefused("the camera asks for a login: set user and password for this camera")
        usable = sorted((c for c in challenges if _rank(c) is not None), key=lambda c: _rank(c) or 0)
        if not usable:
            kinds = ", ".join(sorted({_describe(c) for c in challenges})) or "an unknown kind"
            raise LoginRefused(
                f"the camera accepts only logins that Sightline does not support ({kinds}): "
                "choose digest or basic authentication in the camera's settings"
            )
        self._challenge, self._count = usable[0], 0
        return usable[0]

    def authorize(self, method: str, uri: str) -> str:
        """Return the header's value for this request, "" before a challenge came."""
        if self._challenge is None:
            return ""
        if self._challenge.name == "basic":
            return "Basic " + b64encode(f"{self._login.user}:{self._login.password}".encode()).decode("ascii")
        self._count += 1
        return _digest(self._challenge, self._login, method, uri, self._count)


def parse_challenges(headers: Iterable[str]) -> list[Challenge]:
    """Return the challenges of WWW-Authenticate headers, of which one may hold several."""
    challenges = []
    for header in headers:
        text = header[:MAX_CHALLENGE]
        starts = list(_CHALLENGE.finditer(text))
        for start, end in zip(starts, [*(following.start() for following in starts[1:]), len(text)], strict=False):
            body = text[start.end() : end]
            pairs = {m[1].lower(): m[2] if m[2] is not None else m[3] for m in _PARAMETER.finditer(body)}
            challenges.append(Challenge(start[1].lower(), pairs))
    return challenges


def _rank(challenge: Challenge) -> int | None:
    """Return how good a challenge is, the best first, or None for one that cannot be answered."""
    if challenge.name == "basic":
        return len(_STRENGTH)
    qop = [part.strip() for part in challenge.parameters.get("qop", "auth").split(",")]
    answerable = challenge.name == "digest" and "nonce" in challenge.parameters and ("auth" in qop or qop == [""])
    return _STRENGTH.index(challenge.algorithm) if answerable and challenge.algorithm in _STRENGTH else None


def _describe(challenge: Challenge) -> str:
    kind = challenge.name
    if kind == "digest":
        kind += " " + challenge.parameters.get("algorithm", "")
    return re.sub(r"[^A-Za-z0-9 -]", "", kind)[:40].strip()


def _digest(challenge: Challenge, login: Login, method: str, uri: str, count: int) -> str:
    given = challenge.parameters
    realm, nonce, declared = given.get("realm", ""), given["nonce"], given.get("algorithm", "")

    def hash_text(text: str) -> str:
        return _HASHES[challenge.algorithm](text.encode("latin-1")).hexdigest()

    client_nonce = secrets.token_hex(8)
    name, password = _as_header_text(login.user), _as_header_text(login.password)
    secret = hash_text(f"{name}:{realm}:{password}")
    if declared.upper().endswith("-SESS"):
        secret = hash_text(f"{secret}:{nonce}:{client_nonce}")
    request = hash_text(f"{method}:{uri}")
    user = name.replace("\\", "\\\\").replace('"', '\\"')
    parts = [f'username="{user}"', f'realm="{realm}"', f'nonce="{nonce}"', f'uri="{uri}"']
    if "qop" in given:
        number = f"{count:08x}"
        response = hash_text(f"{secret}:{nonce}:{number}:{client_nonce}:auth:{request}")
        parts += [f'response="{response}"', "qop=auth", f"nc={number}", f'cnonce="{client_nonce}"']
    else:
        parts.append(f'response="{hash_text(f"{secret}:{nonce}:{request}")}"')
        if declared.upper().endswith("-SESS"):
            parts.append(f'cnonce="{client_nonce}"')
    if declared:
        parts.append(f"algorithm={declared}")
    if "opaque" in given:
        parts.append(f'opaque="{given["opaque"]}"')
    return "Digest " + ", ".join(parts)


def _as_header_text(text: str) -> str:
    """Return UTF-8 as header text, where one letter is one byte: so a realm in any encoding comes back as it is."""
    return text.encode().decode("latin-1")
