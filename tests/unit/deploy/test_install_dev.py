"""`make setup` takes PyTorch for the CPU where there is no GPU and its index answers, and else the locked one."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LOCKED = "pip install --python {bin}/python --require-hashes -r locks/dev.txt"


class _Index(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"torch")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def index() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Index)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def install(
    folder: Path, index: str, *, gpu: bool = False, fails: str = "never", changes: Mapping[str, str] | None = None
) -> list[str]:
    """Run deploy/install-dev where uv only notes how it is called, and fails for words that hold `fails`."""
    for name in ("constraints.txt", "locks", "deploy"):
        take = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        take(ROOT / name, folder / name)
    tools = folder / "bin"
    tools.mkdir()
    (tools / "uv").write_text('#!/bin/sh\necho "$@" >>"$CALLS"\ncase "$*" in *"$FAILS"*) exit 1;; esac\n')
    (tools / "nvidia-smi").write_text(f"#!/bin/sh\nexit {0 if gpu else 9}\n")
    (tools / "python").symlink_to(sys.executable)
    for tool in ("uv", "nvidia-smi"):
        (tools / tool).chmod(0o755)
    environment = {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "CALLS": str(folder / "calls"),
        "FAILS": fails,
        "TORCH_INDEX": index,
        "GPU_DEVICE": "/nowhere",
        "TMPDIR": str(folder),
        "NO_PROXY": "127.0.0.1",
        **(changes or {}),
    }
    subprocess.run(["deploy/install-dev", str(tools)], cwd=folder, env=environment, check=True, capture_output=True)
    return (folder / "calls").read_text().replace(str(tools), "{bin}").splitlines()


def test_without_a_gpu_pytorch_comes_for_the_cpu_and_the_rest_by_hash(tmp_path: Path, index: str) -> None:
    torch, rest = install(tmp_path, index)

    assert f"--no-deps --index-url {index}/cpu torch==" in torch
    assert torch.count("+cpu") == 2
    assert "--no-deps --require-hashes -r" in rest


@pytest.mark.parametrize("changes", [{"TORCH": "default"}, {"GPU_DEVICE": "/dev/null"}])
def test_with_a_gpu_or_when_asked_the_locked_one_is_taken(tmp_path: Path, index: str, changes: dict[str, str]) -> None:
    assert install(tmp_path, index, changes=changes) == [LOCKED]


def test_with_the_drivers_tool_the_locked_one_is_taken(tmp_path: Path, index: str) -> None:
    assert install(tmp_path, index, gpu=True) == [LOCKED]


def test_where_no_index_answers_the_locked_one_is_taken(tmp_path: Path) -> None:
    assert install(tmp_path, "http://127.0.0.1:9") == [LOCKED]


def test_where_it_cannot_be_installed_the_locked_one_is_taken(tmp_path: Path, index: str) -> None:
    assert install(tmp_path, index, fails="+cpu")[-1] == LOCKED
