"""The doctor ends in seconds although what it asks never answers."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.config.settings import Settings
from sightline.config.settings_loading import parse_settings
from sightline.doctor import checks
from sightline.doctor.finding import Finding, Health
from tests.canary import WORD


@pytest.fixture
def mute() -> Iterator[threading.Event]:
    """Set at the end of the test; long before, whoever waits for it gives up."""
    end = threading.Event()
    yield end
    end.set()


def cluster(tmp_path: Path) -> Settings:
    return parse_settings(
        {
            "database": f"sqlite:///{tmp_path}/s.db",
            "queue": {"kind": "kafka", "servers": ["127.0.0.1:9"]},
            "live": {"kind": "redis", "url": f"redis://:{WORD}@127.0.0.1:9/0"},
            "api": {"enabled": False},
            "device": "cpu",
        }
    )


def test_services_that_never_answer_are_named_and_keep_nothing_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mute: threading.Event
) -> None:
    def hang(_settings: Settings) -> Finding:
        mute.wait(60)
        return Finding("late", Health.OK, "answered after all")

    for check in ("_check_database", "_check_kafka", "check_sign_in"):
        monkeypatch.setattr(checks, check, hang)
    monkeypatch.setattr(checks, "check_network", lambda _settings: [hang(_settings)])
    monkeypatch.setattr(checks, "_check_scoring", lambda _settings: [])
    monkeypatch.setattr(checks, "WAIT_S", 1.0)

    found = {finding.subject: finding for finding in checks.run_checks(cluster(tmp_path))}

    assert not mute.is_set()
    for subject in ("database", "kafka", "network", "sign-in service"):
        assert found[subject].health is Health.FAILED
        assert "did not answer in time" in found[subject].text
    assert found["python"].health is Health.OK
    assert WORD not in str(found)


def test_an_error_of_a_service_is_a_finding_without_its_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_off(_settings: Settings) -> Finding:
        raise RuntimeError(f"redis://:{WORD}@host")

    monkeypatch.setattr(checks, "check_network", break_off)
    monkeypatch.setattr(checks, "_check_scoring", lambda _settings: [])
    monkeypatch.setattr(checks, "WAIT_S", 60.0)
    settings = Settings(database=f"sqlite:///{tmp_path}/s.db")

    (found,) = (each for each in checks.run_checks(settings) if each.subject == "network")

    assert found.health is Health.FAILED
    assert "RuntimeError" in found.text
    assert WORD not in found.text
