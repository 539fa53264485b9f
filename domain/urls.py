"""Camera addresses: an allow-list of schemes, and one way to show an address without its secrets."""

import re
from urllib.parse import quote, unquote

from domain.errors import ConfigError

STREAM_SCHEMES = ("rtsp", "rtsps", "http", "https", "file")

_AUTHORITY = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>[^\s\"'<>]*)")
_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[^\]]*\])(?::\d+)?")
_SECRET_QUERY = re.compile(
    r"(?i)([?&;](?:password|passwd|pass|pwd|token|auth|secret|key|api_?key|signature|user|username|usr)=)[^&;\s\"'<>]*"
)


def _hidden_userinfo(rest: str) -> tuple[str, str]:
    """Split `user:pass@host/path` for showing, at the last `@`, since passwords hold `@ : # /` unescaped in practice.

    Only `host/path@2x`, without a colon or an `@` before the first slash, has none; hiding too much is safe.
    """
    head, at, tail = rest.rpartition("@")
    before_slash = head.partition("/")[0]
    if not at or ("/" in head and not {":", "@"} & set(before_slash)):
        return "", rest
    return head, tail


def _userinfo(rest: str) -> tuple[str, str]:
    """Split `user:pass@host/path` for connecting: where a host stands before the first slash, its `@` is the one meant.

    So `user:pass@host/path@2x` and `host:554/path@2x` keep their paths, and `user:p@:#/w@host` its password.
    """
    before_slash, slash, path = rest.partition("/")
    head, at, host = before_slash.rpartition("@")
    if _HOST.fullmatch(host):
        return head if at else "", f"{host}{slash}{path}"
    return _hidden_userinfo(rest)


def redacted(text: str) -> str:
    """Return `text` with the credentials of every URL in it replaced by `***`; safe for logs, errors and answers."""

    def hide(match: re.Match[str]) -> str:
        userinfo, rest = _hidden_userinfo(match["rest"])
        shown = f"***@{rest}" if userinfo else rest
        return f"{match['scheme']}://" + _SECRET_QUERY.sub(r"\1***", shown)

    return _AUTHORITY.sub(hide, text)


def credentials(url: str) -> tuple[str, str]:
    """Return the decoded `(user, password)` of a URL, empty strings where it has none."""
    match = _AUTHORITY.fullmatch(url)
    userinfo = _userinfo(match["rest"])[0] if match else ""
    user, _, password = userinfo.partition(":")
    return unquote(user), unquote(password)


def escaped(url: str) -> str:
    """Return `url` with its user information percent-encoded, as FFmpeg and every URL parser need it."""
    match = _AUTHORITY.fullmatch(url)
    if match is None:
        return url
    userinfo, rest = _userinfo(match["rest"])
    if not userinfo:
        return url
    user, password = credentials(url)
    secret = f":{quote(password, safe='')}" if ":" in userinfo else ""
    return f"{match['scheme']}://{quote(user, safe='')}{secret}@{rest}"


def checked(url: str, *, where: str) -> str:
    """Return `url` ready for FFmpeg, or raise `ConfigError` naming `where` when its scheme is not allowed.

    A plain path is a file. Schemes such as `exec:`, `concat:` or `data:` would let a setting run or read anything.
    """
    scheme, colon, _ = url.partition(":")
    if "://" not in url:
        if colon and re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]{1,}", scheme):
            raise ConfigError(f"{where}: scheme '{scheme}:' is not allowed; use one of {', '.join(STREAM_SCHEMES)}")
        return url
    if scheme.lower() not in STREAM_SCHEMES:
        raise ConfigError(f"{where}: scheme '{scheme}://' is not allowed; use one of {', '.join(STREAM_SCHEMES)}")
    return escaped(url)
