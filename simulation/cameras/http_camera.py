"""A camera that sends JPEG pictures over HTTP (multipart/x-mixed-replace), each when it is due."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle

TimedPictures = Callable[[], Iterable[tuple[float, bytes]]]
"""Called for each connection: (seconds to wait before it, JPEG picture)."""


def repeat_at_rate(pictures: list[bytes], fps: float) -> TimedPictures:
    """Send the pictures over and over, evenly."""
    return lambda: ((1.0 / fps, picture) for picture in cycle(pictures))


@contextmanager
def serve_jpeg_camera(parts: TimedPictures) -> Iterator[str]:
    """Listen on a free port while the block runs; yields the camera's address."""
    stop = threading.Event()

    class _VideoHandler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            return

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            self.end_headers()
            try:
                for wait_s, picture in parts():
                    if stop.wait(wait_s):
                        return
                    head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
                    self.wfile.write(head.encode() + picture + b"\r\n")
            except OSError:
                return

    with ThreadingHTTPServer(("127.0.0.1", 0), _VideoHandler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/video.mjpg"
        finally:
            stop.set()
            server.shutdown()
