"""The one parser of addresses: what is connected to and what is shown come from the same split.

Passwords hold `@ : / ? #`, quotes and blanks unescaped in practice. If there is a host before the first slash or
question mark, it is the host, unless it may be part of a password and the text after the last `@` is clearly a host;
else the login reaches to the last `@`.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from domain.text.harmless_words import HARMLESS_KEYS, is_harmless, is_harmless_value

HIDDEN = "***"

_SCHEME_NAMES = """
file ftp http https kafka mms mqtt plaintext postgres postgresql postgresql+psycopg postgresql+psycopg2 redis rediss
rtmp rtmps rtp rtsp rtsps sasl_plaintext sasl_ssl sftp smtp smtps sqlite srt srtp ssl tcp tls udp unix ws wss
"""
KNOWN_SCHEMES = frozenset(_SCHEME_NAMES.split())
LOCAL_SCHEMES = frozenset({"file", "sqlite"})
"""Schemes whose path lies on this machine: without a login or a query it is shown as it is."""

_SECRET_NAMES = """
access_key access_token account accesskey accesstoken api_key api-key apikey auth auth_token authtoken authorization
cookie credential hmac key login loginpas loginpass loginpwd loginuse loginuser pass passwd password passwort pw pwd
secret secret_key session session_id sessionid sid sig sign signature token user username usr
x-amz-credential x-amz-security-token x-amz-signature x-api-key x-auth-token x-goog-credential x-goog-signature
"""
SECRET_KEYS = frozenset(_SECRET_NAMES.split())
"""Keys that name a secret, in lower case: they are shown, their values never."""


@dataclass(frozen=True, slots=True)
class Address:
    """`scheme://login@host:port/rest`, each part as it was written. `login` is None where there is none."""

    scheme: str
    login: str | None
    host: str
    """With its port, and the brackets of IPv6."""
    rest: str
    """Path, query and fragment, beginning with `/`, `?` or `#`, or empty."""

    @property
    def user(self) -> str:
        return (self.login or "").partition(":")[0]

    @property
    def password(self) -> str:
        return (self.login or "").partition(":")[2]

    @property
    def hostname(self) -> str:
        return _host_and_port(self.host)[0]

    @property
    def port(self) -> str:
        return _host_and_port(self.host)[1]


def parse_address(text: str) -> Address | None:
    """Return the parts of `scheme://…`, or None for a text without `://`.

    Never fails: ask `is_host` whether the host can be one.
    """
    scheme, separator, body = text.partition("://")
    return Address(scheme, *_split_address(body)) if separator else None


def _split_address(body: str) -> tuple[str | None, str, str]:
    """Return login, host and rest of what follows `://`."""
    end = _find_first(body, "/?")
    if end == 0:
        # No host is named, as for a socket or a file of this machine; an `@` further on is no end of a login.
        return None, "", body
    login, host, fragment = _login_and_host(body[:end])
    head, at, tail = body.rpartition("@")
    other_end = _find_first(tail, "/?#")
    other = tail[:other_end]
    is_plain_host = is_host(host) and login is None and ":" not in host
    if not at or is_plain_host or (is_host(host) and (_is_clearly_host(host) or not _is_clearly_host(other))):
        return login, host, fragment + body[end:]
    return head, other, tail[other_end:]


def _is_clearly_host(host: str) -> bool:
    """Return whether a text is clearly a host: it has a port or a dot, or is this machine."""
    return is_host(host) and (":" in host or "." in host.strip(".") or host.lower() == "localhost")


def _login_and_host(authority: str) -> tuple[str | None, str, str]:
    head, at, host = authority.rpartition("@")
    end = _find_first(host, "#")
    return (head if at else None), host[:end], host[end:]


def _find_first(text: str, marks: str) -> int:
    """Return the position of the first of `marks` in `text`, the length of `text` where there is none."""
    return min((found for mark in marks if (found := text.find(mark)) >= 0), default=len(text))


def _host_and_port(host: str) -> tuple[str, str]:
    name, colon, port = host.rpartition(":")
    return (name, port) if colon and "]" not in port else (host, "")


def is_host(text: str) -> bool:
    """Return whether `text` can be a host with or without a port: a name, an IPv4 address, or `[IPv6]`."""
    if len(text) > 260:
        return False
    name, colon, port = text.rpartition(":")
    if not colon or "]" in port:
        name, port = text, ""
    elif not (port.isascii() and port.isdigit() and len(port) <= 5):
        return False
    if name.startswith("["):
        inner = name[1:-1]
        return name.endswith("]") and ":" in inner and all(each.isalnum() or each in ":.%-_" for each in inner)
    return bool(name) and all(each.isalnum() or each in "._-" for each in name)


def is_loopback(host: str) -> bool:
    """Return whether a name or address (without brackets and port) means this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        name = host.lower()
        return name == "localhost" or name.endswith(".localhost")


def redact_address(address: Address) -> str:
    """Return the address without its secrets: what is not known to be harmless is `***`.

    Where a part after the host holds an `@`, host and password cannot be separated with certainty: all is hidden.
    """
    is_bare = address.login is None and not address.host and not address.rest
    scheme = address.scheme if is_bare or address.scheme.lower() in KNOWN_SCHEMES else HIDDEN
    start = f"{scheme}://"
    if address.scheme.lower() in LOCAL_SCHEMES and address.login is None and not {"@", "?"} & set(address.rest):
        return start + address.host + address.rest
    uncertain = "@" in address.rest and (address.login is not None or ":" in address.host)
    if uncertain:
        return start + HIDDEN
    login = "" if address.login is None else f"{HIDDEN}@"
    host = address.host if not address.host or is_host(address.host) else HIDDEN
    return f"{start}{login}{host}{_redact_rest(address.rest)}"


def _redact_rest(rest: str) -> str:
    path, question, query = rest.partition("?")
    path, sharp, _ = path.partition("#")
    query, second_sharp, _ = query.partition("#")
    redacted = _redact_path(path) + (f"?{_redact_query(query)}" if question else "")
    return redacted + (f"#{HIDDEN}" if sharp or second_sharp else "")


def _redact_path(path: str) -> str:
    return "/".join(_merge_hidden(_redact_segment(segment) for segment in path.split("/")))


def _redact_segment(segment: str) -> str:
    if not segment or is_harmless(segment):
        return segment
    # A recorder's own form: user=NAME_password=SECRET_channel=1_stream=0.sdp
    for separator in ("&", "_"):
        head, found, stream = segment.rpartition(f"{separator}stream=")
        _, also, channel = head.rpartition(f"{separator}channel=")
        if found and also and _is_number(channel) and _is_number(stream.removesuffix(".sdp")):
            return f"{HIDDEN}{separator}channel={channel}{separator}stream={stream}"
    return HIDDEN


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 3


def _redact_query(query: str) -> str:
    separator = ";" if ";" in query and "&" not in query else "&"
    return separator.join(_merge_hidden(_redact_pair(pair) for pair in query.split(separator)))


def _redact_pair(pair: str) -> str:
    key, equals, value = pair.partition("=")
    if not equals:
        return pair if not pair or is_harmless(pair) else HIDDEN
    name = key.lower().replace("-", "").replace("_", "")
    if name in HARMLESS_KEYS and is_harmless_value(value):
        return pair
    return f"{key}={HIDDEN}" if key.lower() in SECRET_KEYS or name in HARMLESS_KEYS else HIDDEN


def _merge_hidden(parts: Iterable[str]) -> list[str]:
    """Return `parts` with neighbouring hidden parts as one, so that not even their number shows."""
    merged: list[str] = []
    for part in parts:
        if part != HIDDEN or not merged or merged[-1] != HIDDEN:
            merged.append(part)
    return merged
