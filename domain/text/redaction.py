"""Shows text without its secrets: those of addresses, of `password=…`, and of headers that carry a login.

An address is taken apart by the one parser and shown by an allow-list; see `domain.text.addresses`. Everything here
takes time in proportion to the text, whatever it holds: each character is read a bounded number of times.
"""

import re
from collections.abc import Iterator

from domain.text.addresses import HIDDEN, KNOWN_SCHEMES, SECRET_KEYS, is_host, parse_address, redact_address
from domain.text.plain_text import MAX_REASON_LENGTH, shorten_to_line

MAX_REASON_INPUT = 32 * MAX_REASON_LENGTH
_BEFORE = frozenset("\"'`<>()[]{}=,")
"""What may precede an address besides a blank; after anything else `://` belongs to the address it is in."""
_CLOSING = {'"': '"', "'": "'", "`": "`", "<": ">", "(": ")", "{": "}"}
_PUNCTUATION = frozenset(".,;:)]}!")
_END = re.compile(r"[\s\"'`<>]")
_BLANKS = re.compile(r"(\s+)")
_AT = re.compile(r"@(?=\S)")
_ENCODED = re.compile(r"(?::\\/\\/|%3a%2f%2f)[^\s\"'`<>]*", re.IGNORECASE)
"""`://` as JSON and as a query write it; the address behind it is hidden whole."""

_VALUE_END = re.compile(r"[\s&\"'`<>]")
_LONGEST_KEY = 40
_KEY_MARKS = frozenset("_-.")
_SECRET_PARTS = SECRET_KEYS | {"credentials", "response", "cnonce", "passphrase"}
_SECRET_ENDINGS = ("password", "passwd", "token", "secret", "apikey", "signature")
_HEADER = re.compile(r"(?:authorization|cookie|api-key|auth-token)[\"']?[ \t]{0,4}[:=]", re.IGNORECASE)
_LOGIN_WORD = re.compile(r"[ \t]{0,4}(?:basic|bearer|digest)\b", re.IGNORECASE)
_SCHEME_WORD = re.compile(r"\b((?:bearer|basic)[ \t]{1,4})([^\s,;\"'<>]+)", re.IGNORECASE)


def redact_text(text: str) -> str:
    """Return `text` with every secret of its addresses, its keys and its headers replaced by `***`.

    Where the end of a secret is uncertain, the rest of the line goes with it. An address that begins the text may hold
    blanks and line ends; `redact_url` is for a text that is one address.
    """
    text = _redact_addresses(text) if "://" in text else _redact_words(text)
    if _HEADER.search(text) is None:
        return text
    return "\n".join(_redact_header(line) for line in text.split("\n"))


def redact_url(address: str) -> str:
    """Return one whole address, or a path, without its secrets, whatever characters they hold."""
    parsed = parse_address(address.strip())
    if parsed is not None:
        return redact_address(parsed)
    head, at, tail = address.rpartition("@")
    return redact_text(f"{HIDDEN}@{tail}" if at and ":" in head else address)


def clean_reason(text: str) -> str:
    """Return a reason that may be stored and shown: one short visible line without secrets, whoever wrote it."""
    return shorten_to_line(redact_text(text[:MAX_REASON_INPUT]))


def _redact_addresses(text: str) -> str:
    pieces: list[str] = []
    reached, begin = 0, len(text) - len(text.lstrip())
    for start, body, limit in _addresses(text, begin):
        end = _end_of_address(text, start, body, limit)
        raw = text[start:end]
        address = parse_address(raw)
        assert address is not None
        pieces += [_redact_words(text[reached:start]), redact_address(address)]
        reached = end
        if end < limit and not _is_end_certain(text, start, end, pieces[-1], within=start > begin):
            reached = end + len(text[end:limit].rstrip())
    pieces.append(_redact_words(text[reached:]))
    return "".join(pieces)


def _addresses(text: str, begin: int) -> Iterator[tuple[int, int, int]]:
    """Yield of each address where it starts, where its part after `://` starts, and how far it reaches at most."""
    starts: list[tuple[int, int]] = []
    reached, mark = 0, text.find("://")
    while mark >= 0:
        start = _word_start(text, reached, mark)
        # Without a known scheme after a blank or a bracket, `://` belongs to the address it is in.
        if not starts or (start > reached and text[start:mark].lower() in KNOWN_SCHEMES):
            starts.append((start, mark + 3))
        reached = mark + 3
        mark = text.find("://", reached)
    for index, (start, body) in enumerate(starts):
        limit = starts[index + 1][0] if index + 1 < len(starts) else len(text)
        newline = -1 if start == begin else text.find("\n", body, limit)
        yield start, body, newline if newline >= 0 else limit


def _word_start(text: str, least: int, end: int) -> int:
    """Return where the word begins that ends at `end`: a scheme, and what is written before it without a blank."""
    start = end
    while start > least and not (text[start - 1].isspace() or text[start - 1] in _BEFORE):
        start -= 1
    return start


def _end_of_address(text: str, start: int, body: int, limit: int) -> int:
    """Return where the address ends: before a blank or a quote after its last `@`, without the sentence's marks."""
    first = body
    for at in _AT.finditer(text, body, limit):
        first = at.end()
    ending = _END.search(text, first, limit)
    end = ending.start() if ending else limit
    holds_bracket = "[" in text[first:end]
    while end > first and text[end - 1] in _PUNCTUATION and not (text[end - 1] == "]" and holds_bracket):
        end -= 1
    return end


def _is_end_certain(text: str, start: int, end: int, shown_as: str, *, within: bool) -> bool:
    """Return whether what follows an address is no part of a secret in it.

    `within` a text, quotes around an address and a blank end it. One that begins the text may be a whole address that
    nobody encoded; only a colon and a blank end it.
    """
    raw, after = text[start:end], text[end]
    if within and raw.endswith(HIDDEN):
        return True
    if within and raw.endswith("://"):
        # A scheme alone, as our own messages name it.
        is_closed = after == _CLOSING.get(text[start - 1]) and not text[end + 1 : end + 2].isalnum()
        return after.isspace() or is_closed
    address = parse_address(raw)
    if address is None or not (is_host(address.host) or address.host == HIDDEN):
        # A path of this machine has no host.
        return address is not None and not address.host and bool(address.rest) and not shown_as.endswith(HIDDEN)
    is_known = not shown_as.endswith(HIDDEN)
    if not within:
        return after == ":" and text[end + 1 : end + 2].isspace()
    if is_known or after in _PUNCTUATION or after == _CLOSING.get(text[start - 1]):
        return True
    last = max(raw.rfind(mark) for mark in "/?&;")
    return after.isspace() and "=" not in raw[last + 1 :]


def _redact_words(text: str) -> str:
    """Return text between addresses without `user:password@`, `password=…` and the word after `Bearer`."""
    if "@" in text:
        text = "".join(_redact_login(word) for word in _BLANKS.split(text))
    if "%" in text or ":\\/" in text:
        text = _ENCODED.sub(HIDDEN, text)
    if "=" in text:
        text = _redact_values(text)
    return _SCHEME_WORD.sub(_hide_login, text)


def _hide_login(match: re.Match[str]) -> str:
    """Words such as 'basic settings' are no login; a login holds a capital or a digit."""
    login = match[2]
    return match[0] if login.islower() or not any(map(str.isalnum, login)) else match[1] + HIDDEN


def _redact_login(word: str) -> str:
    head, at, tail = word.rpartition("@")
    return f"{HIDDEN}@{tail}" if at and ":" in head else word


def _redact_values(text: str) -> str:
    pieces: list[str] = []
    reached, mark = 0, text.find("=")
    while mark >= 0:
        if _is_secret(_key_before(text, mark)):
            end = _end_of_value(text, mark + 1)
            if end > mark + 1:
                pieces += [text[reached : mark + 1], HIDDEN]
            else:
                pieces.append(text[reached:end])
            reached = end
        mark = text.find("=", max(reached, mark + 1))
    return "".join(pieces) + text[reached:]


def _key_before(text: str, end: int) -> str:
    start, least = end, max(0, end - _LONGEST_KEY)
    while start > least and (text[start - 1].isalnum() or text[start - 1] in _KEY_MARKS):
        start -= 1
    return text[start:end].lower()


def _is_secret(key: str) -> bool:
    parts = key.replace("-", "_").replace(".", "_").split("_")
    return key.endswith(_SECRET_ENDINGS) or key in _SECRET_PARTS or not _SECRET_PARTS.isdisjoint(parts)


def _end_of_value(text: str, start: int) -> int:
    quote = text[start : start + 1]
    if quote in {'"', "'"}:
        closing = text.find(quote, start + 1)
        return closing if closing >= 0 else len(text)
    ending = _VALUE_END.search(text, start)
    return ending.start() if ending else len(text)


def _redact_header(line: str) -> str:
    match = _HEADER.search(line)
    if match is None:
        return line
    end = match.end()
    word = _LOGIN_WORD.match(line, end)
    end = word.end() if word else end
    return f"{line[:end]} {HIDDEN}" if any(map(str.isalnum, line[end:])) else line
