"""The embedded system as `sightline run` composes it, with recordings and a camera that is unavailable."""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from domain.alerts import IncidentState
from domain.faults import Fault
from evaluation.policy import Policy
from notification.grouping import GroupingPolicy
from sightline.bootstrap import build_system
from sightline.config.sections import ApiSettings
from sightline.config.settings import CameraSettings, Settings
from sightline.runtime.system import System
from tests.end_to_end.clips import write_clip
from tests.fakes.ports import FakeNotifier


def eventually(condition: Callable[[], bool], timeout_s: float = 180.0) -> bool:
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def settings(folder: Path, *cameras: CameraSettings, **changes: object) -> Settings:
    fields = {"database": f"sqlite:///{folder}/s.db", "api": ApiSettings(port=0), "cameras": cameras, **changes}
    return Settings.model_validate(fields)


def judged(system: System, name: str) -> bool:
    snapshot = system.live.get(name)
    return snapshot is not None and bool(snapshot.values)


@pytest.mark.slow
def test_a_recording_is_read_judged_stored_and_served_and_the_end_is_orderly(tmp_path: Path) -> None:
    write_clip(tmp_path / "scene.mp4", seconds=60, fps=5)
    wanted = settings(tmp_path, CameraSettings(name="gate", url=str(tmp_path / "scene.mp4"), site="north"))
    system = build_system(wanted, policy=Policy.for_clips())

    with system:
        assert eventually(lambda: judged(system, "gate"))
        assert eventually(lambda: not any(system.health().values())), system.health()
        assert set(system.health()) >= {"api", "scoring", "ingest", "dispatcher", "housekeeping"}
        assert eventually(lambda: httpx.get(f"{system.address}readyz", timeout=60).status_code == 200)
        assert "gate" in httpx.get(f"{system.address}api/v1/cameras", timeout=60).text
        now = system.stream_store.sessions("gate")[0].last_seen_at
        rows = system.score_store.frames("gate", now - timedelta(minutes=1), now + timedelta(minutes=1))
        assert rows
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{system.address}healthz")


@pytest.mark.slow
def test_a_camera_that_cannot_be_reached_reaches_the_notifier_and_does_not_disturb_the_rest(tmp_path: Path) -> None:
    write_clip(tmp_path / "scene.mp4", seconds=60, fps=5)
    told = FakeNotifier()
    wanted = settings(
        tmp_path,
        CameraSettings(name="gate", url=str(tmp_path / "scene.mp4")),
        CameraSettings(name="gone", url="rtsp://admin:hunter2@127.0.0.1:9/none"),
    )

    policy, grouping = Policy.short(raise_s=1.0), GroupingPolicy.short(raise_s=1.0)
    with build_system(wanted, policy=policy, grouping=grouping, notifiers=[told]) as system:
        assert eventually(lambda: bool(told.sent))
        assert judged(system, "gate")
        (incident,) = system.alert_store.incidents(state=IncidentState.OPEN, stream_id="gone")

    assert incident.headline is Fault.SIGNAL_LOSS
    assert told.sent[0].incident.incident_id == incident.incident_id
    assert "hunter2" not in repr(told.sent)
