"""What a hostile server answers instead of ONVIF."""

from http.server import BaseHTTPRequestHandler
from itertools import count


def pour_endlessly(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in count():
        handler.wfile.write(b"<a>" * 30_000)


def redirect_elsewhere(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(307)
    handler.send_header("Location", "http://192.0.2.77/")
    handler.send_header("Content-Length", "0")
    handler.end_headers()
