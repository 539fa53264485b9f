"""The entry point for strangers: raw HTTP requests, parsed as the server parses them, given to the API in this
process."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote_to_bytes

import h11
from fastapi import FastAPI

from lab.bench.fuzz.target import BrokenPromise, EntryPoint

HOST = b"127.0.0.1"
PATIENCE_S = 5.0
NOT_READY = b"/readyz"
"""Answers 503 on purpose while nothing watches."""
PAGES = ("/", "/login", "/healthz", "/readyz", "/metrics", "/static/app.js")


def requests_of(app: FastAPI, token: str) -> list[bytes]:
    """Return one request for each operation that the API describes, with every query it knows, and the page's own."""
    seeds = [
        _request("GET", path, token) for path in ("/", "/login", "/healthz", "/readyz", "/metrics", "/static/app.js")
    ]
    for path, operations in app.openapi()["paths"].items():
        for method, operation in operations.items():
            filled = path.replace("{name}", "gate").replace("{incident_id}", "1").replace("{id}", "1")
            queries = [p for p in operation.get("parameters", ()) if p["in"] == "query"]
            query = "&".join(f"{p['name']}={_value(p)}" for p in queries)
            body = b'{"by": "Ada", "reason": "cleaning"}' if "requestBody" in operation else b""
            seeds.append(_request(method.upper(), filled + ("?" + query if query else ""), token, body))
    return seeds


def _value(parameter: dict[str, Any]) -> str:
    name = parameter["name"]
    if name in ("since", "until", "before", "at"):
        return "2026-03-01T12:00:00Z"
    return {"limit": "10", "offset": "0", "points": "100", "width": "320", "metric": "luma_mean"}.get(name, "x")


def _request(method: str, target: str, token: str, body: bytes = b"") -> bytes:
    lines = [f"{method} {target} HTTP/1.1", f"Host: {HOST.decode()}", f"Authorization: Bearer {token}", "Cookie: a=b"]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def open_entry_point(app: FastAPI, token: str, *, close: Callable[[], None]) -> EntryPoint:
    """Return the entry point to `app`: whatever parses as HTTP is answered with a status below 500."""
    loop = asyncio.new_event_loop()

    def feed(data: bytes) -> None:
        for head, body in _parse(data):
            status = loop.run_until_complete(asyncio.wait_for(_status(app, head, body), PATIENCE_S))
            in_order = status is not None and (status < 500 or (status == 503 and NOT_READY in bytes(head.target)))
            if not in_order:
                raise BrokenPromise(f"answered with status {status}")

    return EntryPoint(requests_of(app, token), feed, refusals=(), close=close)


def _parse(data: bytes) -> Iterator[tuple[h11.Request, bytes]]:
    """Yield the first request in `data`, as far as h11 takes it for one; what it refuses never reaches the API."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=16 * 1024)
    try:
        connection.receive_data(data)
        head = connection.next_event()
        if not isinstance(head, h11.Request):
            return
        body = b""
        while isinstance(event := connection.next_event(), h11.Data):
            body += bytes(event.data)
        yield head, body
    except h11.RemoteProtocolError:
        return


def _scope(head: h11.Request) -> dict[str, Any]:
    raw_path, _, query = bytes(head.target).partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": head.http_version.decode(),
        "server": ("127.0.0.1", 8642),
        "client": ("127.0.0.1", 50000),
        "scheme": "http",
        "method": head.method.decode(),
        "root_path": "",
        "path": unquote_to_bytes(raw_path).decode("utf-8", "replace"),
        "raw_path": raw_path,
        "query_string": query,
        "headers": [(name, value) for name, value in head.headers],
        "state": {},
    }


async def _status(app: FastAPI, head: h11.Request, body: bytes) -> int | None:
    """Return the status the application starts its answer with; then the client is gone."""
    status: list[int] = []
    gone = asyncio.Event()
    sent = False

    async def receive() -> dict[str, Any]:
        nonlocal sent
        if not sent:
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            status.append(message["status"])
        elif message["type"] == "http.response.body":
            gone.set()

    await app(_scope(head), receive, send)
    return status[0] if status else None
