"""Camera addresses: an allow-list of schemes, what FFmpeg needs of them, and how they are shown without secrets."""

import json
import re
from base64 import b64encode
from urllib.parse import quote, unquote

from domain.errors import ConfigError
from domain.text.addresses import SECRET_KEYS, Address, is_host, parse_address
from domain.text.harmless_words import is_harmless
from domain.text.plain_text import holds_invisible
from domain.text.redaction import redact_text, redact_url

__all__ = [
    "STREAM_SCHEMES",
    "clean_camera_url",
    "clean_service_url",
    "escape_url",
    "find_secrets",
    "redact_text",
    "redact_url",
    "split_credentials",
]

STREAM_SCHEMES = ("rtsp", "rtsps", "http", "https", "file")
MAX_ADDRESS_LENGTH = 2048
_PERCENT = re.compile(r"%[0-9A-F]{2}")
_HEX = frozenset("0123456789abcdefABCDEF")
_REST_SAFE = "/?#:@!$&()*+,;=[]"
"""What a path and its query keep unescaped besides letters, digits and `_.-~`; quotes and blanks end an address."""

_SPELLING = "%3A for :, %2F for /, %3F for ? and %40 for @"
"""The `@` comes last: after an address, the redaction would take it for the end of a login."""

_NAMES_OF_USERS = frozenset({"account", "loginuse", "loginuser", "user", "username", "usr"})
_SHORTEST_TOKEN = 16


def split_credentials(url: str) -> tuple[str, str]:
    """Return the decoded `(user, password)` of a URL, empty strings where it has none."""
    address = parse_address(url)
    return ("", "") if address is None else (unquote(address.user), unquote(address.password))


def find_secrets(url: str) -> tuple[str, ...]:
    """Return what no text may show of a URL: its password, values of keys that name a secret, tokens in its path.

    Each in every form in which it may turn up: as written, decoded, percent-encoded, in JSON, in a basic login.
    """
    address = parse_address(url)
    if address is None:
        return ()
    path = address.rest.partition("?")[0].partition("#")[0]
    tokens = [part for part in path.split("/") if len(part) >= _SHORTEST_TOKEN and not is_harmless(part)]
    secrets = [address.password, *_secret_values(address.rest), *tokens]
    forms = {form for text in secrets if text for form in _spellings(text)}
    if address.password:
        forms.add(b64encode(":".join(split_credentials(url)).encode(errors="replace")).decode())
    return tuple(sorted(forms))


def _secret_values(rest: str) -> list[str]:
    """Return the values of `password=…` and its like; recorders separate them by `_` in a path."""
    values = []
    for mark in "?/;#":
        rest = rest.replace(mark, "&")
    for part in rest.split("&"):
        pieces = part.split("=")
        for index, before in enumerate(pieces[:-1]):
            key = before.lower()
            if not {key, key.rpartition("_")[2]} & (SECRET_KEYS - _NAMES_OF_USERS):
                continue
            following = pieces[index + 1]
            # The last piece is a value alone; in every other one the next key follows after the last `_`.
            values.append(following if index + 2 == len(pieces) else following.rpartition("_")[0] or following)
    return values


def _spellings(text: str) -> set[str]:
    plain = unquote(text)
    encoded = quote(plain, safe="", errors="replace")
    return {
        text,
        plain,
        encoded,
        _PERCENT.sub(lambda match: match[0].lower(), encoded),
        _percent_encode(text, _REST_SAFE),
        json.dumps(plain)[1:-1],
    }


def escape_url(url: str) -> str:
    """Return `url` percent-encoded where FFmpeg and URL parsers need it; what is encoded already stays as it is."""
    address = parse_address(url)
    if address is None or address.scheme.lower() == "file":
        return url
    return _encode_login(address) + _percent_encode(address.rest, _REST_SAFE)


def _encode_login(address: Address) -> str:
    login = ""
    if address.login is not None:
        login = ":".join(_percent_encode(part, "") for part in address.login.split(":", 1)) + "@"
    return f"{address.scheme}://{login}{_to_ascii_host(address.host)}"


def _percent_encode(text: str, safe: str) -> str:
    first, *others = text.split("%")
    pieces = [quote(first, safe=safe, errors="replace")]
    for other in others:
        kept = 2 if len(other) >= 2 and _HEX.issuperset(other[:2]) else 0
        pieces.append(f"%{other[:2]}" if kept else "%25")
        pieces.append(quote(other[kept:], safe=safe, errors="replace"))
    return "".join(pieces)


def _to_ascii_host(host: str) -> str:
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def clean_camera_url(url: str, *, where: str) -> str:
    """Return `url` ready for FFmpeg, or raise `ConfigError` naming `where` when it cannot or must not be opened.

    A plain path is a file. Schemes such as `exec:`, `concat:` or `data:` would let a setting run or read anything.
    """
    url = _clean_text(url, where)
    address = parse_address(url)
    if address is None:
        return _clean_path(url, where)
    if address.scheme.lower() not in STREAM_SCHEMES:
        raise _scheme_error(address.scheme, "://", where)
    if address.scheme.lower() == "file":
        return url
    _check_host(address, where)
    return escape_url(url)


def clean_service_url(url: str, *, schemes: tuple[str, ...], where: str) -> str:
    """Return the address of a service with its login percent-encoded, or raise `ConfigError` naming `where`.

    The host may be missing for `unix` and `postgresql`, which then use a socket of this machine.
    """
    url = _clean_text(url, where)
    address = parse_address(url)
    if address is None or address.scheme.lower() not in schemes:
        allowed = " or ".join(f"{scheme}://" for scheme in schemes)
        raise ConfigError(f"{where}: must be an address that begins with {allowed}")
    if address.host or not address.scheme.lower().startswith(("unix", "postgresql")):
        _check_host(address, where)
    return _encode_login(address) + address.rest


def _clean_text(url: str, where: str) -> str:
    url = url.strip(" ")
    if not url:
        raise ConfigError(f"{where}: needed, but empty")
    if len(url) > MAX_ADDRESS_LENGTH:
        raise ConfigError(f"{where}: too long; {MAX_ADDRESS_LENGTH} characters are the most")
    if holds_invisible(url):
        raise ConfigError(f"{where}: holds a character that cannot be seen; type the address again without it")
    return url


def _clean_path(path: str, where: str) -> str:
    scheme, colon, _ = path.partition(":")
    if colon and "@" in path:
        raise ConfigError(f"{where}: an address begins with its scheme; write rtsp:// or http:// before it")
    if colon and _is_scheme(scheme):
        raise _scheme_error(scheme, ":", where)
    return path


def _is_scheme(text: str) -> bool:
    return 1 < len(text) <= 20 and text.isascii() and text[0].isalpha() and all(c.isalnum() or c in "+.-" for c in text)


def _scheme_error(scheme: str, mark: str, where: str) -> ConfigError:
    named = f"scheme '{scheme}{mark}'" if _is_scheme(scheme) else "this scheme"
    return ConfigError(f"{where}: {named} is not allowed; use one of {', '.join(STREAM_SCHEMES)}")


def _check_host(address: Address, where: str) -> None:
    host = _to_ascii_host(address.host)
    if not host.isascii() or not is_host(host) or not 0 < int(address.port or 1) <= 65535:
        raise ConfigError(
            f"{where}: its host or port cannot be read; write it as in rtsp://192.0.2.10:554/stream, the login "
            f"before the host, and in the password {_SPELLING}"
        )
