"""Every service of docker-compose.yml is locked down, and no password is an argument of a process."""

import re
import secrets
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml

from lab.services.server_process import ServerProcess, Word, accepts_connections, run_server, service_folder
from tests import services

ROOT = Path(__file__).parents[3]
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))[
    "services"
]
UNITS = {"m": 1, "g": 1024}


def mebibytes(text: str) -> int:
    """Return a size such as 512m or 2g in MiB."""
    return int(text[:-1]) * UNITS[text[-1]]


def arguments(name: str) -> list[str]:
    """Return every word that a service's processes are started with."""
    service = SERVICES[name]
    return [*service.get("entrypoint", []), *service.get("command", []), *service["healthcheck"]["test"]]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_can_change_nothing_but_its_volumes_and_bounded_memory(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    for mount in service["tmpfs"]:
        assert re.fullmatch(r"/[\w./-]+:size=\d+m(,(uid|gid|mode)=\d+)*", mount), mount
    for mount in service.get("volumes", []):
        assert not mount.startswith(("/", "~", "..")), mount
        assert not mount.startswith("./") or mount.endswith(":ro"), mount


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_no_capability_and_can_gain_none(name: str) -> None:
    service = SERVICES[name]

    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["user"].partition(":")[0]) > 0
    assert not {"cap_add", "privileged", "devices", "pid", "ipc", "network_mode", "userns_mode", "cgroup"} & set(
        service
    )


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_limits_of_memory_processes_and_log(name: str) -> None:
    service = SERVICES[name]

    assert 0 < service["pids_limit"] <= 4096
    assert 256 <= mebibytes(service["mem_limit"]) <= 8192
    assert service["memswap_limit"] == service["mem_limit"], "no swap besides"
    in_memory = sum(int(size) for mount in service["tmpfs"] for size in re.findall(r"size=(\d+)m", mount))
    assert in_memory <= mebibytes(service["mem_limit"]) / 2
    assert service["logging"]["driver"] == "json-file"
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}
    assert service["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_of_others_is_named_by_its_version(name: str) -> None:
    image = SERVICES[name]["image"]

    assert re.fullmatch(r"sightline:\w+|[\w./-]+:v?\d[\w.-]*(@sha256:[0-9a-f]{64})?", image), image


@pytest.mark.parametrize("name", SERVICES)
def test_no_password_is_an_argument(name: str) -> None:
    service = SERVICES[name]
    words = " ".join(arguments(name))

    assert "${" not in words, "Compose would fill it in"
    for variable in re.findall(r"\$\$(\w+)", words):
        assert variable in service["environment"]
        assert re.search(rf'printf \S+( \S+)? "\$\${variable}" >/tmp/', words), (
            "the shell's own printf shows no argument"
        )


def shell_line(name: str, changes: dict[str, str]) -> list[str]:
    """Return a service's command as Compose hands it on, with paths and programs of this machine."""
    words = [word.replace("$$", "$") for word in [*SERVICES[name].get("entrypoint", []), *SERVICES[name]["command"]]]
    assert len(words) == 3
    assert words[1] == "-c"
    for old, new in changes.items():
        assert old in words[2]
        words[2] = words[2].replace(old, new)
    return words


def test_redis_asks_for_the_password_and_shows_it_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("redis-server") is None:
        services.absent(services.ServiceMissing("Redis is not installed: apt-get install redis-server"))
    password = secrets.token_urlsafe(12)
    monkeypatch.setenv("REDISCLI_AUTH", password)
    port = services.free_port()
    with service_folder("redis") as folder:
        changes = {"/tmp/redis.conf": f"{folder}/redis.conf", "--save": f"--bind 127.0.0.1 --port {port} --save"}
        words: list[Word] = [*shell_line("redis", changes)]
        with run_server(ServerProcess(words, folder, lambda: accepts_connections(port))) as server:
            command_line = Path(f"/proc/{server.pid}/cmdline").read_bytes()
            with redis.Redis(port=port) as stranger, pytest.raises(redis.AuthenticationError):
                stranger.ping()
            with redis.Redis(port=port, password=password) as client:
                assert client.ping()
        assert b"redis-server" in command_line
        assert password.encode() not in command_line
        assert (folder / "redis.conf").stat().st_mode & 0o777 == 0o600


def test_prometheus_finds_the_token_where_its_settings_look_for_it(tmp_path: Path) -> None:
    config = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    named = config["scrape_configs"][0]["authorization"]["credentials_file"]
    file = tmp_path / "token"
    words = shell_line("prometheus", {named: str(file), "/bin/prometheus": "/bin/echo"})

    told = subprocess.run(
        words, env={"SIGHTLINE_TOKEN": "word of the test"}, capture_output=True, text=True, check=True
    )

    assert file.read_text() == "word of the test"
    assert file.stat().st_mode & 0o777 == 0o600
    assert "word of the test" not in told.stdout
    assert "--config.file=/etc/prometheus/prometheus.yml" in shlex.split(told.stdout)


def test_what_reads_cameras_and_what_people_see_are_not_neighbours() -> None:
    networks = {name: set(service["networks"]) for name, service in SERVICES.items()}

    assert networks["mediamtx"] == {"cameras"}
    assert [name for name in networks if "cameras" in networks[name] and "outside" in networks[name]] == []
