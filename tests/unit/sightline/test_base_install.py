"""The product without an extra: nothing it does not declare is there, neither PyTorch nor the laboratory."""

import os
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from deploy.project import LAB, declared_lines
from deploy.requirements import declared_requirements, required_packages
from sightline.runtime.extras import MODULES

HIDE = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name in HIDDEN:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

HIDDEN = frozenset(%r)
sys.meta_path.insert(0, Hidden())
"""
READ_A_FILE = """
import sys, time
from domain.cameras import Camera
from domain.frames import Frame
from ingest.supervise.supervisor import IngestSupervisor
from sightline.runtime.clock import SystemClock
from transport.embedded import EmbeddedQueue

queue = EmbeddedQueue(max_frames=8)
consumer = queue.consumer()
supervisor = IngestSupervisor([Camera("gate", sys.argv[1])], queue.publisher(), SystemClock())
supervisor.start()
try:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        unit = consumer.poll(8, 1.0)
        if any(isinstance(delivery.message, Frame) for delivery in unit.deliveries):
            print("published a frame")
            break
        consumer.commit(unit)
finally:
    supervisor.stop()
"""
BUILD_A_ROLE = """
import sys, threading
from sightline.bootstrap import build_role
from sightline.config.settings_loading import load_settings
from sightline.services.roles import Role
from pathlib import Path

build_role(load_settings(Path(sys.argv[1])), Role(sys.argv[2]), threading.Event()).stop()
print(*sorted({"torch", "openvino", "lab"} & set(sys.modules)), "end")
"""
START = "import sys; from sightline.cli.main import app; sys.argv[0] = 'sightline'; app()"


def undeclared_modules(*extras: str) -> set[str]:
    """Return every installed top-level module that the product with these extras does not ask for."""
    declared = required_packages(declared_requirements(*extras)) | {"sightline"}
    return {
        module
        for module, names in packages_distributions().items()
        if module.isidentifier() and not {str(canonicalize_name(name)) for name in names} & declared
    } | {LAB}


@pytest.fixture
def base(tmp_path: Path) -> dict[str, str]:
    """The environment of a process that sees no more than the product without an extra."""
    hidden = undeclared_modules()
    assert {"torch", "openvino", "kafka", "redis", "psycopg2", "pytest", "lab"} <= hidden
    assert not {"av", "numpy", "cv2", "sqlalchemy", "fastapi"} & hidden
    folder = tmp_path / "hidden"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(HIDE % (sorted(hidden),), encoding="utf-8")
    return {**os.environ, "PYTHONPATH": str(folder)}


def run(program: str, *words: str, environment: dict[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program, *words]
    return subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True, check=False, timeout=110)


@pytest.mark.parametrize("command", ["ingest", "serve", "doctor"])
def test_every_command_says_how_it_is_used(base: dict[str, str], tmp_path: Path, command: str) -> None:
    done = run(START, command, "--help", environment=base, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert f"Usage: sightline {command}" in done.stdout


def test_doctor_is_content_and_says_what_scoring_needs(base: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "sightline.yaml").write_text("api: {port: 0}\n", encoding="utf-8")

    done = run(START, "doctor", environment=base, cwd=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "scoring: cannot score frames, and can ingest, serve and dispatch" in done.stdout
    assert "pip install 'sightline[models]'" in done.stdout


@pytest.mark.parametrize(
    ("words", "extra"),
    [
        (("run",), "models"),
        (("score", "a.mp4"), "models"),
        (("watch", "a.mp4"), "models"),
        (("models", "list"), "models"),
        (("demo", "--duration", "1"), "models"),
        (("ingest", "-s", "kafka.yaml"), "cluster"),
        (("serve", "-s", "redis.yaml"), "cluster"),
    ],
)
def test_a_command_that_needs_more_says_so_in_one_sentence(
    base: dict[str, str], tmp_path: Path, words: tuple[str, ...], extra: str
) -> None:
    (tmp_path / "kafka.yaml").write_text("queue: {kind: kafka, servers: ['127.0.0.1:1']}\n", encoding="utf-8")
    (tmp_path / "redis.yaml").write_text("live: {kind: redis, url: 'redis://127.0.0.1:1'}\n", encoding="utf-8")
    (tmp_path / "a.mp4").write_bytes(b"")

    done = run(START, *words, environment=base, cwd=tmp_path)

    assert done.returncode == 2, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert f"which is not installed here: pip install 'sightline[{extra}]'" in done.stderr


def test_a_file_camera_is_read_up_to_the_publisher(base: dict[str, str], tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    write_gradient(clip)

    done = run(READ_A_FILE, str(clip), environment=base, cwd=tmp_path)

    assert "published a frame" in done.stdout, done.stderr


def write_gradient(path: Path) -> None:
    """Write three seconds of a film that any decoder reads."""
    import av  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for index in range(30):
            picture = np.full((48, 64, 3), index * 8, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode())


@pytest.mark.parametrize("role", ["ingest", "serve", "dispatch"])
def test_a_part_that_scores_nothing_is_built_without_pytorch_where_it_is_installed(tmp_path: Path, role: str) -> None:
    settings = tmp_path / "s.yaml"
    settings.write_text(
        f"database: sqlite:///{tmp_path}/s.db\nqueue: {{kind: kafka, servers: ['127.0.0.1:1']}}\n"
        "live: {kind: redis, url: 'redis://127.0.0.1:1'}\n",
        encoding="utf-8",
    )

    done = run(BUILD_A_ROLE, str(settings), role, environment=dict(os.environ), cwd=tmp_path)

    assert done.stdout.split() == ["end"], done.stderr


def test_dispatch_runs_without_an_extra(base: dict[str, str], tmp_path: Path) -> None:
    settings = tmp_path / "s.yaml"
    settings.write_text(f"database: sqlite:///{tmp_path}/s.db\n", encoding="utf-8")

    done = run(BUILD_A_ROLE, str(settings), "dispatch", environment=base, cwd=tmp_path)

    assert done.stdout.split() == ["end"], done.stderr


def test_the_table_of_extras_is_that_of_the_project() -> None:
    """Every module that an extra brings and that our code imports is in the table, with its extra."""
    names_of = packages_distributions()
    for extra, modules in MODULES.items():
        brought = {str(canonicalize_name(each.name)) for each in declared_requirements(extra)}
        assert brought
        for module in modules - {LAB}:
            assert {str(canonicalize_name(name)) for name in names_of[module]} & brought, (extra, module)
    assert "torch>=2.6" in declared_lines("models")
    assert not [line for line in declared_lines() if line.startswith(("torch", "openvino", "timm", "safetensors"))]
