"""Films served as RTSP cameras by a real server, for the demo, the tests and the benchmarks.

The server (`simulation/cameras/rtsp_server.py`) needs GStreamer, which no Python package brings:
`explain_missing_server()` says what to
install. Passwords travel to it through a pipe, never in its command line.
"""

import json
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import IO, Any
from urllib.parse import quote

from domain.errors import ConfigError, SourceUnavailable

SCRIPT = Path(__file__).with_name("rtsp_server.py")
PYTHONS = ("/usr/bin/python3", "/opt/homebrew/bin/python3", "/usr/local/bin/python3")
INSTALL = (
    "apt-get install --no-install-recommends gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base "
    "gstreamer1.0-plugins-good gstreamer1.0-plugins-bad python3-gi"
    if sys.platform != "darwin"
    else "brew install gstreamer pygobject3"
)
ANSWER_S = 30.0


@dataclass(frozen=True, slots=True)
class ServedCamera:
    """One camera at `rtsp://HOST:PORT/name`: H.264 or H.265 MP4 films of one format, played one after the other.

    Users are the server's: two cameras with the same user have the same password.
    """

    name: str
    films: tuple[Path, ...]
    loop: bool = True
    """Starts again after the last film; else the stream ends."""
    live: bool = False
    """A viewer joins where the film is now, at the key frame before; else each sees it from its beginning."""
    speed: float = 1.0
    """Multiplies real time."""
    user: str = ""
    password: str = field(default="", repr=False)
    session_limit: int = 0
    """Further sessions are refused, as recorders do; 0: none."""
    udp_only: bool = False
    """RTP over TCP is refused."""


@dataclass(frozen=True, slots=True)
class SessionCounts:
    """How many sessions a camera has now, had at most at once, had in all, and refused."""

    now: int
    peak: int
    opened: int
    refused: int


@cache
def _interpreter() -> tuple[str, str]:
    """Return the Python that has GStreamer, or an empty string and why there is none."""
    reasons = []
    for python in PYTHONS:
        if not Path(python).exists():
            continue
        try:
            check = subprocess.run(
                [python, "-I", str(SCRIPT), "--check"], check=False, capture_output=True, text=True, timeout=60
            )
        except subprocess.TimeoutExpired:
            reasons.append(f"{python} does not answer")
            continue
        if check.returncode == 0:
            return python, ""
        lines = check.stderr.strip().splitlines()
        reasons.append(lines[-1] if lines else f"{python} ended with {check.returncode}")
    reason = reasons[0] if reasons else "no system Python"
    return "", f"no RTSP server ({reason}); install it with: {INSTALL}"


def explain_missing_server() -> str | None:
    """Return None where the RTSP server can be had, else why not and how to install it."""
    return _interpreter()[1] or None


class RtspServer:
    """A running server; a context manager. It ends with this process, however this process ends.

    Raises `ConfigError` where GStreamer is absent or a film cannot be served.
    """

    def __init__(
        self, cameras: Sequence[ServedCamera], *, tls: bool = False, digest: bool = True, port: int = 0
    ) -> None:
        self._cameras = {camera.name: camera for camera in cameras}
        self._tls = tls
        self._digest = digest
        self.port = port
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "RtspServer":
        python, reason = _interpreter()
        if not python:
            raise ConfigError(reason)
        self._process = subprocess.Popen(
            [python, "-I", str(SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            with tempfile.TemporaryDirectory(prefix="sightline-tls-") as folder:
                certificate = _certificate(Path(folder)) if self._tls else None
                self.port = int(self._ask(self._config(certificate))["port"])
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                _close(pipe)
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def url(self, name: str) -> str:
        """Return the camera's address, with its user and password where it has them."""
        camera = self._cameras[name]
        login = f"{quote(camera.user, safe='')}:{quote(camera.password, safe='')}@" if camera.user else ""
        return f"rtsp{'s' if self._tls else ''}://{login}127.0.0.1:{self.port}/{quote(name)}"

    def pull(self, name: str) -> None:
        """Take the camera away: its sessions are cut and new ones find nothing, until `restore`."""
        self._command(name, "pull")

    def restore(self, name: str) -> None:
        """Bring a pulled camera back."""
        self._command(name, "restore")

    def disconnect(self, name: str) -> None:
        """Cut the camera's sessions once; it can be reached again at once."""
        self._command(name, "disconnect")

    def silence(self, name: str, silent: bool = True) -> None:
        """Let the camera stay connected and send no video, or send it again."""
        self._command(name, "silent", silent)

    def lose(self, name: str, share: float) -> None:
        """Lose that share of the camera's RTP packets, at random."""
        self._command(name, "loss", share)

    def limit(self, name: str, sessions: int) -> None:
        """Refuse more sessions than that at once; 0 lifts the limit."""
        self._command(name, "limit", sessions)

    def sessions(self, name: str) -> SessionCounts:
        """Return how many sessions the camera has and had."""
        answer = self._command(name, "sessions")
        return SessionCounts(answer["now"], answer["peak"], answer["opened"], answer["refused"])

    def _command(self, name: str, verb: str, value: object = None) -> dict[str, Any]:
        return self._ask({"camera": name, "do": verb, "value": value})

    def _config(self, certificate: Path | None) -> dict[str, Any]:
        cameras = [
            {
                "name": camera.name,
                "films": [str(Path(film).resolve()) for film in camera.films],
                "loop": camera.loop,
                "live": camera.live,
                "speed": camera.speed,
                "user": camera.user,
                "password": camera.password,
                "limit": camera.session_limit,
                "udp_only": camera.udp_only,
            }
            for camera in self._cameras.values()
        ]
        return {
            "cameras": cameras,
            "port": self.port,
            "digest": self._digest,
            "certificate": str(certificate) if certificate else None,
        }

    def _ask(self, content: dict[str, Any]) -> dict[str, Any]:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise SourceUnavailable("the RTSP server does not run")
        try:
            process.stdin.write(json.dumps(content) + "\n")
            process.stdin.flush()
        except BrokenPipeError as error:
            raise SourceUnavailable("the RTSP server ended by itself") from error
        ready, _, _ = select.select([process.stdout], [], [], ANSWER_S)
        line = process.stdout.readline() if ready else ""
        if not line:
            raise SourceUnavailable("the RTSP server does not answer")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise ConfigError(f"RTSP server: {answer['error']}")
        return answer


def _close(pipe: IO[str]) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        return


def _certificate(folder: Path) -> Path:
    """Make a self-signed certificate for this run; returns one file that holds it and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        raise ConfigError("rtsps needs a certificate: install openssl")
    key, certificate, both = folder / "key.pem", folder / "certificate.pem", folder / "both.pem"
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=localhost"]
    subprocess.run(
        [*command, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True, timeout=60
    )
    both.write_text(certificate.read_text() + key.read_text())
    return both
