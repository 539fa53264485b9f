"""What the composition root decides before anything runs."""

from functools import partial
from pathlib import Path

import pytest

from domain.errors import ConfigError
from evaluation.policy import Policy
from ingest.supervise.ipc import ReaderSetup
from ingest.supervise.supervisor import IngestSupervisor
from sightline.bootstrap import build_system, make_policy
from sightline.config.sections import ApiSettings, ModelSettings
from sightline.config.settings import CameraSettings, EvaluationSettings, Settings
from sightline.models.configured_models import list_model_statuses
from sightline.models.reader_setup import make_reader_setup
from tests.fakes.ports import START, FakeClock
from transport.embedded import EmbeddedQueue


def settings(folder: Path, *cameras: CameraSettings, **changes: object) -> Settings:
    fields = {"database": f"sqlite:///{folder}/s.db", "api": ApiSettings(port=0), "cameras": cameras, **changes}
    return Settings.model_validate(fields)


def test_cameras_of_the_file_are_kept_and_what_was_accepted_stays_accepted(tmp_path: Path) -> None:
    wanted = settings(tmp_path, CameraSettings(name="gate", url="rtsp://h/1"))
    first = build_system(wanted)
    first.stream_store.accept_view("gate", by="ana", at=START)
    first.stop()

    again = build_system(settings(tmp_path, CameraSettings(name="gate", url="rtsp://h/2")))
    kept = again.stream_store.camera("gate")
    again.stop()

    assert kept is not None
    assert (kept.url, kept.accepted_by) == ("rtsp://h/2", "ana")


def test_a_port_that_is_taken_is_one_clear_error_and_nothing_is_left_running(tmp_path: Path) -> None:
    with build_system(settings(tmp_path)) as holder:
        port = int(holder.address.rstrip("/").rpartition(":")[2])
        database = f"sqlite:///{tmp_path}/other.db"
        other = build_system(settings(tmp_path, api=ApiSettings(port=port), database=database))
        with pytest.raises(ConfigError, match=rf"api.port: 127.0.0.1:{port} cannot be used"):
            other.start()


def test_a_device_that_is_not_there_is_refused_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)

    with pytest.raises(ConfigError, match="device: cuda"):
        build_system(settings(tmp_path, device="cuda"))
    assert not (tmp_path / "s.db").exists()


def test_the_operators_patience_replaces_productions() -> None:
    assert make_policy(EvaluationSettings()) == Policy()
    assert make_policy(EvaluationSettings(raise_s=5.0, settle_s=9.0)).raise_s == 5.0


def test_a_model_without_weights_on_this_machine_gets_no_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture that no model can judge would travel for nothing, megabytes a camera."""
    setups: list[ReaderSetup | None] = []
    monkeypatch.setattr("sightline.bootstrap.IngestSupervisor", partial(_keep_setup, setups))
    absent = ModelSettings(enabled=True, path=str(tmp_path / "none"))
    chosen = settings(tmp_path, models={"brisque": absent})

    build_system(chosen).stop()

    (setup,) = setups
    assert setup is not None
    assert setup.model_every_s is not None
    judging = {status.model.name for status in list_model_statuses(chosen, load=False) if status.judges}
    assert set(setup.model_every_s) == judging
    assert "brisque" not in judging
    assert set(make_reader_setup(chosen).model_every_s or ()) >= judging | {"brisque"}


def _keep_setup(setups: list[ReaderSetup | None], *given: object, setup: ReaderSetup | None = None) -> IngestSupervisor:
    setups.append(setup)
    return IngestSupervisor((), EmbeddedQueue().publisher(), FakeClock())
