"""Messages that anybody who reaches the broker can send, and that must harm nobody's stream."""

import json
import secrets
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import kafka
from kafka import errors

_PREFIX = struct.Struct("<BBBI")
_VERSION, _FRAME, _STATUS = 1, 1, 2
EVERY_S = 5.0


def build_poison(camera: str) -> dict[str, bytes]:
    """Return one message of each kind that claims to be this camera's, by what is wrong with it."""
    ref = {"stream_id": camera, "session_id": "poison", "sequence": 0, "pts_s": 0.0}
    picture: dict[str, object] = {
        "ref": {**ref, "received_at": "2026-01-01T00:00:00Z"},
        "format": {"width": 64, "height": 64, "pixel_format": "yuv420p", "color_range": "limited"},
        "planes": [{"sample": "u1", "shape": [64, 64]}],
    }
    return {
        "garbage": secrets.token_bytes(250),
        "nothing": b"",
        "a prefix alone": _PREFIX.pack(_VERSION, _STATUS, 0, 4_000_000_000),
        "a time without a zone": _status(camera, received_at="2026-11-30T10:00:00"),
        "the year 9999": _status(camera, received_at="9999-12-31T23:59:59Z"),
        "the year 1": _status(camera, received_at="0001-01-01T00:00:00Z"),
        "a token of the future": _status(camera, token=2**62),
        "a number beyond all counts": _status(camera, sequence=2**70),
        "a frame of the year 9999": _message(
            _FRAME, {**picture, "ref": {**ref, "received_at": "9999-12-31T23:59:59Z"}}, bytes(4096)
        ),
        "a frame whose planes lie": _message(
            _FRAME, {**picture, "planes": [{"sample": "u1", "shape": [16_000, 16_000]}]}, bytes(64)
        ),
        "nests": _message(_STATUS, "[" * 5_000),
    }


def _status(camera: str, **changes: object) -> bytes:
    content = {
        "stream_id": camera,
        "session_id": "poison",
        "sequence": 0,
        "received_at": "2026-11-30T10:00:00Z",
        "state": "live",
    }
    return _message(_STATUS, content | changes)


def _message(kind: int, header: object, body: bytes = b"") -> bytes:
    text = header.encode() if isinstance(header, str) else json.dumps(header).encode()
    return _PREFIX.pack(_VERSION, kind, 0, len(text)) + text + body


@dataclass
class Poisoner:
    """Sends one of each kind for each camera every few seconds."""

    servers: str
    topic: str
    cameras: Sequence[str]
    every_s: float = EVERY_S
    sent: int = 0
    failure: str = "the topic was never poisoned"
    """Why the last round did not get through, "" where it did."""
    _stop: threading.Event = field(default_factory=threading.Event)

    def send(self) -> None:
        """Send until stopped; a topic that is not there yet, or a broker that is unavailable, is waited for."""
        producer = kafka.KafkaProducer(bootstrap_servers=[self.servers], acks=1, max_block_ms=5_000)
        try:
            while not self._stop.wait(self.every_s):
                try:
                    self._send_round(producer)
                except errors.KafkaError as error:
                    self.failure = f"the topic could not be poisoned: {type(error).__name__}"
        finally:
            producer.close(5)

    def _send_round(self, producer: kafka.KafkaProducer) -> None:
        for camera in self.cameras:
            for message in build_poison(camera).values():
                producer.send(self.topic, key=camera.encode(), value=message)
                self.sent += 1
        producer.flush(10.0)
        self.failure = ""

    def stop(self) -> None:
        self._stop.set()


@contextmanager
def poison_topic(poisoner: Poisoner) -> Iterator[Poisoner]:
    """Poison the topic while the block runs."""
    thread = threading.Thread(target=poisoner.send, name="poisoner", daemon=True)
    thread.start()
    try:
        yield poisoner
    finally:
        poisoner.stop()
        thread.join(30.0)
