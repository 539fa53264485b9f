"""Camera addresses: an allow-list of schemes, and one way to show an address without its secrets."""

import re
from urllib.parse import quote, unquote

from domain.errors import ConfigError

STREAM_SCHEMES = ("rtsp", "rtsps", "http", "https", "file")

_AUTHORITY = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>[^\s\"'<>]*)")
_SECRET_QUERY = re.compile(
    r"(?i)([?&;](?:password|passwd|pass|pwd|token|auth|secret|key|api_?key|signature|user|username|usr)=)[^&;\s\"'<>]*"
)


def _split_userinfo(rest: str) -> tuple[str, str]:
    """Split `user:pass@host/path` at the last `@`, since passwords hold `@ : # /` unescaped in practice.

    An `@` after the host only counts as part of the user information when a colon stands before the first slash:
    `host/path@2x` has none, `user:p/w@host` has one.
    """
    head, at, tail = rest.rpartition("@")
    if not at:
        return "", rest
    before_slash = head.split("/", 1)[0]
    if "/" in head and (":" not in before_slash or re.fullmatch(r"[^:]+:\d+|\[[^\]]*\](:\d+)?", before_slash)):
        return "", rest
    return head, tail


def redacted(text: str) -> str:
    """Return `text` with the credentials of every URL in it replaced by `***`; safe for logs, errors and answers."""

    def hide(match: re.Match[str]) -> str:
        userinfo, rest = _split_userinfo(match["rest"])
        shown = f"***@{rest}" if userinfo else rest
        return f"{match['scheme']}://" + _SECRET_QUERY.sub(r"\1***", shown)

    return _AUTHORITY.sub(hide, text)


def credentials(url: str) -> tuple[str, str]:
    """Return the decoded `(user, password)` of a URL, empty strings where it has none."""
    match = _AUTHORITY.fullmatch(url)
    userinfo = _split_userinfo(match["rest"])[0] if match else ""
    user, _, password = userinfo.partition(":")
    return unquote(user), unquote(password)


def escaped(url: str) -> str:
    """Return `url` with its user information percent-encoded, as FFmpeg and every URL parser need it."""
    match = _AUTHORITY.fullmatch(url)
    if match is None:
        return url
    userinfo, rest = _split_userinfo(match["rest"])
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
