"""What a part needs before it can be a process of its own, and how such a process says how it is."""

import json
import logging
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from domain.errors import ConfigError
from sightline.bootstrap import build_role
from sightline.config.settings import Settings
from sightline.config.settings_loading import parse_settings
from sightline.doctor.checks import check_cluster_services
from sightline.doctor.finding import Health
from sightline.services.roles import Role
from sightline.web_server.health_server import HealthServer
from tests.services import free_port


@pytest.mark.parametrize(
    ("part", "named"),
    [(Role.INGEST, "queue.kind: embedded"), (Role.WORK, "queue.kind: embedded"), (Role.SERVE, "live.kind: memory")],
)
def test_a_part_that_others_could_not_reach_is_refused_with_what_to_set(part: Role, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        build_role(Settings(), part, threading.Event())


def test_an_absent_database_is_waited_for_until_the_stop(caplog: pytest.LogCaptureFixture) -> None:
    stop = threading.Event()
    settings = Settings(database=f"postgresql://ann:pw@127.0.0.1:{free_port()}/none")
    waiting = threading.Thread(target=lambda: found.append(build_role(settings, Role.DISPATCH, stop)))
    found: list[object] = []

    with caplog.at_level(logging.WARNING, logger="sightline.runtime.stores"):
        waiting.start()
        while "next try in 2 s" not in caplog.text and waiting.is_alive():
            waiting.join(0.05)
        stop.set()
    waiting.join(20)

    assert found == [None]
    assert "cannot be reached" in caplog.text


def test_dispatch_needs_neither_kafka_nor_redis(tmp_path: Path) -> None:
    system = build_role(Settings(database=f"sqlite:///{tmp_path}/s.db"), Role.DISPATCH, threading.Event())

    assert system is not None
    assert set(system.health()) == {"clock", "database", "housekeeping", "dispatcher", "maintenance"}
    system.stop()


def test_the_doctor_says_what_to_do_about_redis_that_is_away() -> None:
    settings = parse_settings({"live": {"kind": "redis", "url": f"redis://:hush-hunter2@127.0.0.1:{free_port()}/0"}})

    (finding,) = check_cluster_services(settings)

    assert finding.health is Health.FAILED
    assert "start Redis, or correct live.url" in finding.text
    assert "hush-hunter2" not in finding.text


def test_the_doctor_looks_at_no_service_that_is_not_chosen() -> None:
    assert list(check_cluster_services(Settings())) == []


def test_a_process_without_the_page_tells_its_health_and_what_it_counted() -> None:
    reasons = {"scoring": "waiting for the queue"}
    server = HealthServer("127.0.0.1", 0, lambda: reasons, lambda: {"units_total": 7.0, "scoring_lag_messages": 3.0})
    server.start()
    try:
        page = f"http://127.0.0.1:{server.port}"
        assert json.load(urllib.request.urlopen(f"{page}/healthz")) == {"status": "ok"}
        with pytest.raises(urllib.error.HTTPError, match="503") as unready:
            urllib.request.urlopen(f"{page}/readyz")
        assert json.load(unready.value)["parts"] == reasons
        unready.value.close()
        told = urllib.request.urlopen(f"{page}/metrics").read().decode()
        assert 'sightline_part_up{part="scoring"} 0.0' in told
        assert "sightline_units_total 7.0" in told
        assert "sightline_scoring_lag_messages 3.0" in told
        reasons["scoring"] = ""
        assert json.load(urllib.request.urlopen(f"{page}/readyz"))["ready"] is True
    finally:
        server.stop(5)
