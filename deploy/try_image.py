"""Run every command of the image as docker-compose.yml does, on a real Kafka, Postgres, Redis and camera.

    python -m deploy.try_image ROOT CONFIG          (deploy/try-image builds the image, mounts it and calls this)

ROOT holds the image's files, CONFIG its configuration as JSON (`buildah inspect`). What is enforced without a container
engine, and what is not, is said in `deploy/container.py`. Each check prints a line; the exit status is 1 if one fails.
"""

import json
import re
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from deploy.container import Container, RunningContainer, kernel_facts
from lab import services
from lab.services.databases import fresh_database
from simulation.cameras.served_cameras import RtspServer, ServedCamera

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = "/etc/sightline/sightline.yaml"
PARTS = ("ingest", "work", "dispatch", "serve")
ANSWER_S = 180.0
STOP_S = 60.0
UNITS = {"m": 1 << 20, "g": 1 << 30}
NO_CAPABILITIES = "0000000000000000"


@dataclass
class CheckReport:
    """What was checked, and how it went."""

    failed: list[str] = field(default_factory=list)
    passed: int = 0

    def check(self, what: str, well: bool, reason: str = "") -> None:
        """Print and count one check."""
        if well:
            self.passed += 1
        else:
            self.failed.append(what)
        print(f"{'ok  ' if well else 'FAIL'} {what}{'' if well or not reason else ': ' + reason}", flush=True)  # noqa: T201


@dataclass(frozen=True)
class Image:
    """An image's files, and its configuration."""

    root: Path
    config: Mapping[str, Any]

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment that the image sets."""
        pairs = (text.partition("=") for text in self.config["Env"])
        return {name: value for name, _, value in pairs}

    def container(self, *command: str) -> Container:
        """Return a container with the image's own entry point, user and folder, and nothing else."""
        words = (*self.config["Entrypoint"], *command)
        return Container(self.root, words, self.config["User"], self.environment, self.config["WorkingDir"])


@dataclass(frozen=True)
class ImageServices:
    """Where the services answer, and every secret that must not be seen."""

    database: str
    kafka: str
    kafka_password: str
    redis: str
    camera: str
    token: str

    @property
    def secrets(self) -> Sequence[str]:
        """Return what no process list and no output may hold."""
        password = re.search(r"//\w+:([^@]+)@", self.database)
        assert password
        return (password[1], self.kafka_password, self.token)

    def settings(self, health_port: int, page_port: int) -> str:
        """Return deploy/sightline.yaml with the addresses of this machine."""
        text = (ROOT / "deploy" / "sightline.yaml").read_text(encoding="utf-8")
        changes = {
            "postgresql://sightline:${POSTGRES_PASSWORD}@postgres/sightline": self.database,
            "kafka:9092": self.kafka,
            "redis://:${REDIS_PASSWORD}@redis:6379/0": self.redis,
            "rtsp://mediamtx:8554/demo": self.camera,
            "port: 8643": f"port: {health_port}",
            "port: 8642": f"port: {page_port}",
        }
        for old, new in changes.items():
            assert old in text, f"deploy/sightline.yaml has no {old}"
            text = text.replace(old, new)
        return text

    def environment(self) -> dict[str, str]:
        """Return the secrets as Compose puts them into a container's environment."""
        names = {"KAFKA_PASSWORD": self.kafka_password, "SIGHTLINE_TOKEN": self.token}
        return {**names, "POSTGRES_PASSWORD": "in-the-address", "REDIS_PASSWORD": "none"}


def service_container(image: Image, compose: Mapping[str, Any], command: str, settings: Path) -> Container:
    """Return the container of the Compose service with this command."""
    found = [each for each in compose["services"].values() if each.get("command") == [command]]
    service = found[0]
    given = {name: str(value) for name, value in service["environment"].items() if "${" not in str(value)}
    limit = service["mem_limit"]
    return replace(
        image.container(*service["command"]),
        user=service["user"],
        environment={**image.environment, **given},
        tmpfs=tuple(service["tmpfs"]),
        mounts={SETTINGS: settings},
        memory_bytes=int(limit[:-1]) * UNITS[limit[-1]],
        pids=service["pids_limit"],
    )


def fetch_status(url: str, token: str = "") -> tuple[int, bytes]:
    """Return status and body of an answer; status 0 where nobody answers."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""


def wait_until(seconds: float, seen: Callable[[], bool]) -> bool:
    """Return whether it comes true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if seen():
            return True
        time.sleep(0.25)
    return False


def check_confinement(
    report: CheckReport, name: str, running: RunningContainer, container: Container, hidden: Sequence[str]
) -> None:
    """Check what the kernel says of a running service, and what its process list and its output show."""
    found = kernel_facts(running.pid)
    uid = container.user.partition(":")[0]
    report.check(f"{name}: runs as user {uid}", set(found["Uid"].split()) == {uid}, found["Uid"])
    capabilities = {found[each] for each in ("CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb")}
    report.check(f"{name}: has no capability", capabilities == {NO_CAPABILITIES}, str(capabilities))
    report.check(f"{name}: can gain none", found["NoNewPrivs"] == "1")
    report.check(f"{name}: its root is read-only", "ro" in found["root"].split(","), found["root"])
    command_line = Path(f"/proc/{running.pid}/cmdline").read_text(encoding="utf-8")
    report.check(f"{name}: no secret among its arguments", not any(each in command_line for each in hidden))
    report.check(f"{name}: no secret in its output", not any(each in running.text for each in hidden))


def run_once(report: CheckReport, what: str, container: Container, *, status: int = 0, says: str = "") -> None:
    """Run a command to its end and check its exit status and what it says."""
    with RunningContainer(container) as running:
        try:
            ended = running.wait(ANSWER_S)
        except subprocess.TimeoutExpired:
            report.check(what, False, "it does not end")
            return
        report.check(what, ended == status and says in running.text, f"status {ended}: {running.text[-1500:]}")


def check_commands(report: CheckReport, image: Image, settings: Path, given: Mapping[str, str]) -> None:
    """Check the commands that end by themselves."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    base = service_container(image, compose, "work", settings)
    base = replace(base, environment={**base.environment, **given})
    program = tuple(image.config["Entrypoint"])
    run_once(report, "sightline --help", replace(base, command=(*program, "--help")), says="Usage")
    run_once(report, "sightline settings check", replace(base, command=(*program, "settings", "check")), says="ok")
    run_once(report, "sightline models verify", replace(base, command=(*program, "models", "verify")))
    doctor = replace(base, command=(*program, "doctor"))
    run_once(report, "sightline doctor", doctor)
    write = ("python", "-c", "open('/opt/sightline/x', 'w')")
    run_once(
        report,
        "nothing can be written beside the folders in memory",
        replace(base, command=write),
        status=1,
        says="Read-only file system",
    )
    large = ("python", "-c", "open('/tmp/x', 'wb').write(bytes(300 << 20))")
    run_once(report, "a folder in memory has its size", replace(base, command=large), status=1, says="No space left")
    missing = replace(base, environment=dict(image.environment, SIGHTLINE_SETTINGS=SETTINGS))
    run_once(report, "without its secrets it does not start", missing, status=2, says="is not set")


def check_cluster(report: CheckReport, image: Image, around: ImageServices, folder: Path) -> None:
    """Start the four parts, see one camera judged from end to end, and end them in order."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    page = services.free_port()
    started: dict[str, tuple[RunningContainer, Container]] = {}
    with ExitStack() as stack:
        for part in PARTS:
            port = services.free_port()
            settings = folder / f"{part}.yaml"
            settings.write_text(around.settings(port, page), encoding="utf-8")
            container = service_container(image, compose, part, settings)
            given = {
                **around.environment(),
                "HEALTH_URL": f"http://127.0.0.1:{page if part == 'serve' else port}/healthz",
            }
            container = replace(container, environment={**container.environment, **given})
            running = stack.enter_context(RunningContainer(container))
            started[part] = running, container
            address = given["HEALTH_URL"].replace("healthz", "readyz")
            ready = wait_until(ANSWER_S, lambda url=address: fetch_status(url, around.token)[0] == 200)  # type: ignore[misc]
            report.check(f"{part}: is ready", ready, running.text[-1500:])
        url = f"http://127.0.0.1:{page}/api/v1/cameras"
        report.check("serve: asks for the token", fetch_status(url)[0] == 401)

        def has_results() -> bool:
            status, body = fetch_status(url, around.token)
            return status == 200 and any(camera["checks"]["done"] for camera in json.loads(body)["cameras"])

        report.check("the camera is read, sent, judged, stored and shown", wait_until(ANSWER_S, has_results))
        for part, (running, container) in started.items():
            check_confinement(report, part, running, container, around.secrets)
            health = ("python", *compose["services"]["api"]["healthcheck"]["test"][2:])
            run_once(report, f"{part}: its health check", replace(container, command=health))
        for part, (running, _) in started.items():
            stop(report, part, running)


def stop(report: CheckReport, name: str, running: RunningContainer) -> None:
    """Check that it ends in order on SIGTERM."""
    try:
        status = running.stop(STOP_S)
    except (subprocess.TimeoutExpired, RuntimeError) as error:
        report.check(f"{name}: ends in order on SIGTERM", False, str(error)[:500])
        return
    report.check(f"{name}: ends in order on SIGTERM", status == 0, f"status {status}: {running.text[-1500:]}")


def check_alone(report: CheckReport, image: Image, around: ImageServices, folder: Path) -> None:
    """Run the image's own command, `sightline run`, with its database in memory, and see the camera judged."""
    port = services.free_port()
    settings = folder / "run.yaml"
    text = f"api: {{port: {port}}}\ncameras:\n  - {{name: gate, url: '{around.camera}'}}\n"
    settings.write_text(text, encoding="utf-8")
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    container = service_container(image, compose, "ingest", settings)
    container = replace(container, command=(*image.config["Entrypoint"], *image.config["Cmd"]))
    with RunningContainer(container) as running:
        url = f"http://127.0.0.1:{port}/api/v1/cameras"

        def has_results() -> bool:
            status, body = fetch_status(url)
            return status == 200 and any(camera["checks"]["done"] for camera in json.loads(body)["cameras"])

        report.check("run: the camera is judged", wait_until(ANSWER_S, has_results), running.text[-1500:])
        check_confinement(report, "run", running, container, around.secrets)
        stop(report, "run", running)


@contextmanager
def start_services(folder: Path) -> Iterator[ImageServices]:
    """Start the services and a camera; give where they answer."""
    film = folder / "film.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=10", "-t", "20", "-c:v", "libx264", "-g", "10"]
    subprocess.run(["ffmpeg", "-v", "error", *picture, "-pix_fmt", "yuv420p", str(film)], check=True)
    with ExitStack() as stack:
        camera = stack.enter_context(RtspServer([ServedCamera("demo", (film,))]))
        database = stack.enter_context(services.postgres())
        broker = stack.enter_context(services.kafka())
        live = stack.enter_context(services.redis())
        url = stack.enter_context(fresh_database(database.address))
        token = secrets.token_urlsafe(24)
        yield ImageServices(url, broker.secured, broker.password, live.address, camera.url("demo"), token)


def main(arguments: Sequence[str]) -> int:
    """Check the image at the given root; return the exit status."""
    root, config = Path(arguments[0]), json.loads(Path(arguments[1]).read_text(encoding="utf-8"))
    image = Image(root, config)
    report = CheckReport()
    with tempfile.TemporaryDirectory(prefix="sightline-image-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        with start_services(folder) as around:
            settings = folder / "settings.yaml"
            settings.write_text(around.settings(services.free_port(), services.free_port()), encoding="utf-8")
            check_commands(report, image, settings, around.environment())
            check_cluster(report, image, around, folder)
            check_alone(report, image, around, folder)
    print(f"{report.passed} passed, {len(report.failed)} failed")  # noqa: T201
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
