"""What ends a session, beside FFmpeg's own errors."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingest.read import stream_source as source_module
from ingest.read.open_stream import OpenedStream, open_stream
from tests.cameras.films import write_test_film
from tests.cameras.source_reading import read_source


class Tripping:
    """A container that gives every packet and then fails as PyAV does where tracks were added in mid-stream."""

    def __init__(self, container: Any) -> None:
        self.streams = container.streams
        self.close = container.close
        self._container = container

    def demux(self) -> Iterator[Any]:
        yield from (packet for packet in self._container.demux() if packet.size)
        raise IndexError("list index out of range")


def test_tracks_added_in_mid_stream_end_a_recording_as_its_end_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_tripping(*arguments: Any) -> OpenedStream:
        session = open_stream(*arguments)
        return replace(session, container=Tripping(session.container))  # type: ignore[arg-type]

    monkeypatch.setattr(source_module, "open_stream", open_tripping)
    result = read_source(str(write_test_film(tmp_path / "film.ts", frames=20)))
    assert len(result.frames) >= 17
    assert result.error is None
