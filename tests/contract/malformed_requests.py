"""Requests that a stranger could send, made from the API's own addresses by a seeded generator."""

import random
from collections.abc import Iterator
from urllib.parse import quote

PATHS = (
    "/",
    "/login",
    "/healthz",
    "/readyz",
    "/metrics",
    "/static/app.js",
    "/api/v1/openapi.json",
    "/api/v1/cameras",
    "/api/v1/cameras/{}",
    "/api/v1/cameras/{}/latest",
    "/api/v1/cameras/{}/scores",
    "/api/v1/cameras/{}/timeline",
    "/api/v1/cameras/{}/verdicts",
    "/cameras/{}",
    "/incidents/{}",
    "/api/v1/cameras/{}/transitions",
    "/api/v1/cameras/{}/picture",
    "/api/v1/incidents",
    "/api/v1/incidents/{}",
    "/api/v1/incidents/{}/acknowledge",
    "/api/v1/incidents/{}/assign",
    "/api/v1/incidents/{}/comment",
    "/api/v1/incidents/{}/answer",
    "/api/v1/incidents/{}/log",
    "/api/v1/incidents/acknowledge",
    "/api/v1/alarm-precision",
    "/api/v1/sensitivity-proposals",
    "/api/v1/sensitivity-proposals/apply",
    "/api/v1/cameras/{}/settings",
    "/api/v1/cameras/{}/accept",
    "/api/v1/camera-trials",
    "/api/v1/cameras/{}/maintenance",
    "/api/v1/incidents/{}/snooze",
    "/api/v1/maintenance",
    "/api/v1/maintenance/{}/end",
    "/api/v1/snoozes",
    "/api/v1/snoozes/{}/end",
    "/api/v1/receivers",
    "/api/v1/receivers/{}/test",
    "/api/v1/camera-changes",
    "/api/v1/camera-changes/{}/undo",
    "/api/v1/alerts",
    "/api/v1/kiosk-links",
    "/kiosk",
    "/api/v1/metrics",
    "/api/v1/faults",
    "/api/v1/models",
    "/static/{}",
    "/{}",
    "*",
    "//{}",
    "http://evil.example/{}",
    "/api/v1/cameras/",
    "/static",
    "/api/v1/../{}",
)
FIELDS = (
    "site",
    "group",
    "state",
    "limit",
    "offset",
    "metric",
    "since",
    "until",
    "resolution",
    "points",
    "width",
    "camera",
    "before",
    "fault",
    "severity",
    "assigned_to",
    "answer",
    "answered",
    "token",
    "xtoken",
    "",
)
TEXTS = (
    "gate",
    "north",
    "",
    "open",
    "fault",
    "luma_mean",
    "minute",
    "\x00",
    "gate\x00",
    "\x1b[2J",
    "\r\nSet-Cookie: a=b",
    "'",
    "' OR 1=1 --",
    "<script>",
    "../../etc/passwd",
    "%",
    "_",
    "{0.__class__}",
    "${jndi:ldap://x}",
    "\u202e",
    "é" * 60,
    "\U0001f4f7",
    "x" * 300,
    "a/b/c",
    ".",
    "..",
    "nul",
    "0",
    "-1",
    "1",
    "10",
    "1e3",
    "1.5",
    "0x10",
    "٣",
    "9" * 19,
    "9" * 400,
    "-" + "9" * 30,
    "NaN",
    "inf",
    "-Infinity",
    "true",
    "null",
    "[]",
)
SANE = ("gate", "gate", "luma_mean", "north", "10", "minute", "2026-03-02T00:00:00Z")
TIMES = (
    "2026-03-02T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "0001-01-01",
    "9999-12-31T23:59:59-14:00",
    "10000-01-01T00:00:00Z",
    "-0001-01-01T00:00:00Z",
    "2026-03-01T12:00:00.123456789Z",
    "2026-03-01T12:00:00+23:59",
    "2026-03-01T12:00:00+24:00",
    "2026-02-30",
    "1e300",
    "infinity",
    "-1e18",
    "253402300800",
    "1970-01-01T00:00:00Z",
    "1969-12-31T23:59:59.999Z",
    "2199-12-31T23:59:59.999999Z",
    "now",
    "P1D",
)
RAW_BYTES = (b"%00", b"%ff", b"%ED%A0%80", b"%C0%AE", b"%", b"%zz", b"%u0000", b"\x80", b"%1B[31m", b"+", b"&&&=", b"#")
BODIES = (
    b"",
    b"{}",
    b"[]",
    b"null",
    b"1",
    b'"x"',
    b"{",
    b'{"by": "Ada"}',
    b'{"by": "Ada", "note": "hm"}',
    b'{"by": "Ada", "note": "\\ud800"}',
    b'{"by": "Ada", "to": "Bob"}',
    b'{"by": "Ada", "answer": "right"}',
    b'{"by": "Ada", "incident_ids": ["a", "\\ud800"]}',
    b'{"by": "Ada", "site": "x\\u0000", "masks": [{}]}',
    b'{"by": "Ada", "name": "n", "address": "rtsp://\\ud800/"}',
    b'{"by": "Ada", "camera": "gate", "fault": "blur", "proposed": 1e400}',
    b'{"by": "Ada", "by": "Eve", "reason": "x"}',
    b'{"by": ""}',
    b'{"by": "Ada", "more": 1}',
    b'{"by": "\\ud800"}',
    b'{"by": "a\\u0000b"}',
    b'{"by": 1}',
    b'{"by": ["a"]}',
    b"\xff\xfe{}",
    b'{"by": ' + b"9" * 5000 + b"}",
    b'{"by": 1e999}',
    b'{"by": NaN}',
    b"[" * 5000,
    b'{"a":' * 2500,
    b'{"\\ud800": 1}',
    b'{"by": "' + b"x" * 15000 + b'"}',
    b"token=x",
    b"token=x&" * 500,
    b"\x00" * 100,
    b'\xef\xbb\xbf{"by": "Ada"}',
)
TYPES = (
    "application/json",
    "application/json; charset=utf-16",
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/xml",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "",
    "a" * 200,
    "application/json, text/plain",
    "APPLICATION/JSON ;",
)
HEADERS = (
    "Accept: application/openmetrics-text; version=1.0.0; escaping=x",
    "Accept: ,;q=",
    "Accept: text/plain;version=0.0.4;q=2",
    "Range: bytes=0-",
    "Range: bytes=5-1,-9",
    "If-None-Match: *",
    "If-Modified-Since: Mon, 99 Foo 10000 99:99:99 GMT",
    "If-Modified-Since: 0",
    "Origin: null",
    "Origin: http://evil.example",
    "Host: evil.example",
    "Host: [",
    "Host: 127.0.0.1:x",
    "Cookie: sightline_session=1.2.3",
    'Cookie: a="\\\\\\\\; sightline_session=',
    "Authorization: Bearer \xe9",
    "Authorization: Basic !",
    "Expect: 100-continue",
    "Expect: x",
    "Connection: upgrade\r\nUpgrade: h2c",
    "Connection: x, keep-alive",
    "TE: trailers",
    "X-Forwarded-For: , ,x,::1",
    'Forwarded: for="[::1',
    "X-Forwarded-Proto: https",
    "X-HTTP-Method-Override: DELETE",
    "Content-Encoding: gzip",
    "Accept-Encoding: x",
    "Sec-Fetch-Site: cross-site",
    "X: " + "y" * 3000,
    "Content-Length: 3",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: identity",
    "Trailer: Host",
    "X-Odd: \x01\x7f\xff",
)
METHODS = (
    ("GET",) * 30 + ("POST",) * 10 + ("HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "get", "G{T")
)


def make_malformed_requests(count: int, seed: int, *, token: str = "") -> Iterator[bytes]:
    """Yield `count` requests as bytes, each wrong in a few ways or in none; most of them with `token`."""
    chance = random.Random(seed)
    for _ in range(count):
        yield _request(chance, token)


def _text(chance: random.Random) -> str:
    return chance.choice(SANE if chance.random() < 0.6 else TIMES if chance.random() < 0.3 else TEXTS)


def _target(chance: random.Random) -> bytes:
    path = chance.choice(PATHS).format(quote(_text(chance), safe=chance.choice(("", "/")))).encode()
    query = "&".join(f"{chance.choice(FIELDS)}={quote(_text(chance))}" for _ in range(chance.randrange(5)))
    target = path + (b"?" + query.encode() if query else b"")
    if chance.random() < 0.1:
        place = chance.randint(1, len(target))
        target = target[:place] + chance.choice(RAW_BYTES) * chance.choice((1, 1, 100)) + target[place:]
    return target.replace(b" ", b"%20")


def _request(chance: random.Random, token: str) -> bytes:
    method = chance.choice(METHODS)
    version = chance.choice(("1.1",) * 50 + ("1.0", "1.0", "0.9", "2.0", "9.9"))
    lines = [f"{method} ".encode() + _target(chance) + f" HTTP/{version}".encode()]
    if chance.random() < 0.95:
        lines.append(b"Host: 127.0.0.1")
    lines += [chance.choice(HEADERS).encode("latin-1") for _ in range(chance.choice((0, 0, 0, 1)))]
    if token and chance.random() < 0.9:
        lines.append(f"Authorization: Bearer {token}".encode())
    if chance.random() < 0.02:
        lines += [b"X-Many: 1"] * 10_000
    body = chance.choice(BODIES) if method in ("POST", "PUT", "PATCH") or chance.random() < 0.1 else b""
    if body or method == "POST":
        lines.append(f"Content-Type: {chance.choice(TYPES)}".encode())
        if chance.random() < 0.2:
            lines.append(b"Transfer-Encoding: chunked")
            body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
        else:
            lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join((*lines, b"Connection: close", b"", body))
