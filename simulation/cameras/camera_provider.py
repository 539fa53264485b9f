"""Where the demo's cameras are to be had: from a real RTSP server, or as files where there is none."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from simulation.cameras.served_cameras import RtspServer, ServedCamera, explain_missing_server


class CameraProvider(Protocol):
    """Cameras that can be reached, taken away, and brought back."""

    description: str
    """How the cameras are served, and what to install for better."""

    def url(self, name: str) -> str: ...

    def pull(self, name: str) -> None: ...

    def restore(self, name: str) -> None: ...


class _RtspProvider:
    """Cameras on an RTSP server; a film runs from the server's start, watched or not."""

    def __init__(self, server: RtspServer) -> None:
        self._server = server
        self.description = f"a real RTSP server (GStreamer) on port {server.port}"

    def url(self, name: str) -> str:
        return self._server.url(name)

    def pull(self, name: str) -> None:
        self._server.pull(name)

    def restore(self, name: str) -> None:
        self._server.restore(name)


class _FileProvider:
    """Cameras as files, read at real-time speed from when they are first opened. A file taken away is renamed."""

    def __init__(self, films: Mapping[str, Path], folder: Path, reason: str) -> None:
        self.description = f"files read at real-time speed; {reason}"
        self._paths = {name: folder / f"{name}.mp4" for name in films}
        for name, film in films.items():
            shutil.copyfile(film, self._paths[name])

    def url(self, name: str) -> str:
        return str(self._paths[name])

    def pull(self, name: str) -> None:
        path = self._paths[name]
        path.rename(path.with_suffix(".away"))

    def restore(self, name: str) -> None:
        path = self._paths[name]
        path.with_suffix(".away").rename(path)


@contextmanager
def provide_cameras(films: Mapping[str, Path], folder: Path) -> Iterator[CameraProvider]:
    """Put the films on a stage: served over RTSP where GStreamer is installed, else as copies in `folder`."""
    reason = explain_missing_server()
    if reason is not None:
        yield _FileProvider(films, folder, reason)
        return
    cameras = [ServedCamera(name, (film,), loop=True, live=True) for name, film in films.items()]
    with RtspServer(cameras) as server:
        yield _RtspProvider(server)
