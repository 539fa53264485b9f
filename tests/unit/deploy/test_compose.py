"""The Docker files keep the rules of the house, and their commands are commands of this program.

There is no Docker engine here: the files are read, and the commands are run outside containers.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from sightline.cli.main import app
from sightline.config.settings_loading import load_settings
from sightline.services.roles import Role, check_separate_role

ROOT = Path(__file__).parents[3]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if str(service["image"]).startswith("sightline:")}
SECRETS = ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "KAFKA_PASSWORD", "SIGHTLINE_TOKEN", "GRAFANA_PASSWORD")
SECRET_NAME = re.compile(r"(?i)password|token|secret|auth$|key$")


def variables(text: str) -> list[str]:
    """Return what stands between `${` and `}`."""
    return re.findall(r"\$\{([^}]*)\}", text)


def test_every_secret_must_come_from_the_environment() -> None:
    asked = variables((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))

    assert {each.partition(":?")[0] for each in asked} == set(SECRETS)
    assert all(re.fullmatch(r"\w+:\?set \w+", each) for each in asked)


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_has_a_password_of_its_own(name: str) -> None:
    for key, value in SERVICES[name].get("environment", {}).items():
        if SECRET_NAME.search(key):
            assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value), key


def test_nothing_is_published_beyond_this_machine() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]

    assert len(published) == 3
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in published)
    assert not [name for name, service in SERVICES.items() if "network_mode" in service]


def test_the_services_that_hold_data_are_reached_from_inside_alone() -> None:
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    for name in ("kafka", "postgres", "redis"):
        assert SERVICES[name]["networks"] == ["inside"]


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_is_asked_how_it_is_and_is_not_root(name: str) -> None:
    service = SERVICES[name]

    assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    assert int(service["user"].partition(":")[0]) > 0
    assert not service.get("privileged", False)


def test_the_image_runs_unprivileged_with_a_health_check() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()

    last_stage = lines[max(index for index, line in enumerate(lines) if line.startswith("FROM")) :]
    assert "USER 10001:10001" in last_stage
    assert any(line.startswith("HEALTHCHECK") for line in last_stage)
    assert "ARG TORCH=cpu" in lines


def test_the_image_holds_every_package_that_is_installed() -> None:
    copied = set(re.findall(r"^COPY (\w+) \1$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE))
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "deploy", "lab"}

    assert copied >= packages
    assert "lab" not in copied, "the laboratory is a distribution of its own"


def test_every_file_that_is_mounted_is_there() -> None:
    mounted = [mount.partition(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])]
    files = [ROOT / path for path in mounted if path.startswith("./")]

    assert files
    assert [path for path in files if not path.exists()] == []
    assert {path for path in mounted if not path.startswith("./")} == set(COMPOSE["volumes"])


@pytest.mark.parametrize("name", OURS)
def test_the_command_of_each_service_is_one_of_ours_and_takes_the_mounted_settings(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (command,) = OURS[name]["command"]
    for secret in SECRETS:
        monkeypatch.setenv(secret, "word-of-the-test")
    monkeypatch.setenv("SIGHTLINE_SETTINGS", str(ROOT / "deploy" / "sightline.yaml"))

    told = CliRunner().invoke(app, [command, "--help"])
    checked = CliRunner().invoke(app, ["settings", "check"])

    assert told.exit_code == 0, told.output
    assert checked.exit_code == 0, checked.output
    settings = load_settings(ROOT / "deploy" / "sightline.yaml")
    check_separate_role(settings, Role(command))
    asked = OURS[name]["environment"]["HEALTH_URL"]
    assert asked.endswith(f":{settings.api.port if command == 'serve' else settings.health.port}/healthz")


def test_weights_can_be_pulled_into_a_volume_that_the_workers_look_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for secret in SECRETS:
        monkeypatch.setenv(secret, "word-of-the-test")
    folder = load_settings(ROOT / "deploy" / "sightline.yaml").downloads
    mount = f"weights:{folder}"

    assert all(mount in OURS[name]["volumes"] for name in ("worker", "worker-gpu", "dispatch"))
    assert "outside" in OURS["dispatch"]["networks"], "the command that pulls runs there"
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert f"install --directory --owner 10001 --group 10001 {folder}" in image, "else the volume is root's"


def test_the_settings_refuse_to_be_read_without_the_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for secret in SECRETS:
        monkeypatch.delenv(secret, raising=False)

    result = CliRunner().invoke(app, ["settings", "check", "-s", str(ROOT / "deploy" / "sightline.yaml")])

    assert result.exit_code == 2
    assert "POSTGRES_PASSWORD is not set" in result.output


def test_prometheus_asks_every_process_where_it_answers() -> None:
    config = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    page, processes = config["scrape_configs"]
    settings = yaml.safe_load((ROOT / "deploy" / "sightline.yaml").read_text(encoding="utf-8"))

    assert page["static_configs"] == [{"targets": [f"api:{settings['api']['port']}"]}]
    (found,) = processes["dns_sd_configs"]
    assert set(found["names"]) == set(OURS) - {"api"}
    assert found["port"] == settings["health"]["port"]
