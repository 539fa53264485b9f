"""`sightline models`, the settings behind it, and `doctor` say of every model what it is, whether it is on, and why."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner

from detectors.models import runtime, weights
from detectors.models.catalogue import MODELS
from domain.errors import ConfigError
from sightline.cli.main import app
from sightline.config.settings import Settings
from sightline.config.settings_loading import parse_settings
from sightline.doctor.checks import run_checks
from sightline.doctor.finding import Health
from sightline.models.configured_models import configure_detectors, model_records
from sightline.models.model_details import count_cost, verify_weights


def settings(tmp_path: Path, **content: object) -> Settings:
    return parse_settings(
        {"downloads": str(tmp_path / "weights"), "database": f"sqlite:///{tmp_path / 's.db'}", **content}
    )


def test_info_tells_cost_state_and_weights() -> None:
    answer = CliRunner().invoke(app, ["models", "info", "saliency_iqa", "--json"])
    assert answer.exit_code == 0, answer.output
    facts = json.loads(answer.stdout)
    entry = weights.read_manifest()["saliency_iqa"]
    assert (facts["state"], facts["reason"], facts["judges"]) == ("on", "", True)
    assert (facts["weights"]["sha256"], facts["weights"]["licence"]) == (entry.sha256, entry.licence)
    assert Path(facts["weights"]["path"]).is_file()
    assert facts["gmacs"] == pytest.approx(1.92, rel=0.03)
    assert facts["parameters"] == pytest.approx(7.07e6, rel=0.01)
    assert facts["as_published"]["parameters"] == pytest.approx(22.48e6, rel=0.01)
    assert facts["as_published"]["gmacs"] == pytest.approx(9.07, rel=0.03)


@pytest.mark.parametrize("name", ["detectability", "detection_quality", "mtcnn", "faster_rcnn", "sfiqa_mobilenet"])
def test_the_models_of_a_fresh_machine_are_on(name: str, tmp_path: Path) -> None:
    found = {record.name: record for record in model_records(settings(tmp_path, models="auto"))}
    assert (found[name].state, found[name].judges) == ("on", True)


def test_the_list_puts_what_it_says_on_lines_of_its_own() -> None:
    answer = CliRunner().invoke(app, ["models", "list"])
    assert answer.exit_code == 0, answer.output
    assert "sha256" in answer.stdout
    assert "\\n" not in answer.stdout


def test_a_reason_of_several_lines_is_shown_on_several_lines(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"one": torch.zeros(1), "two": torch.zeros(2)}, path, metadata=dict(MODELS["sgdnet"].notes))
    file = tmp_path / "settings.yaml"
    file.write_text(f"models: {{sgdnet: {{path: {path}}}}}\n")
    answer = CliRunner().invoke(app, ["models", "list", "--settings", str(file)])
    assert answer.exit_code == 0, answer.output
    assert "another network" in " ".join(answer.stdout.split())
    assert "\\n" not in answer.stdout


def test_another_size_of_face_quality_takes_the_place_of_the_default(tmp_path: Path) -> None:
    found = {each.name: each for each in model_records(settings(tmp_path, models={"sfiqa_s": {"path": "mine"}}))}
    assert not found["sfiqa_mobilenet"].judges


def test_a_linear_layer_costs_its_product() -> None:
    """torch counts two operations a multiply-accumulate: 3 x 5 weights of a hand-made model make 15."""
    counted = count_cost(torch.nn.Linear(3, 5), (torch.zeros(1, 3),))
    assert counted.parameters == 20
    assert counted.gmacs == pytest.approx(15e-9)


def test_an_unknown_model_is_refused_with_those_known() -> None:
    answer = CliRunner().invoke(app, ["models", "info", "nonesuch"])
    assert answer.exit_code != 0
    assert "saliency_iqa" in answer.stderr


def test_verify_passes_on_what_is_bundled_and_fails_on_a_damaged_download(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    assert all(check.right for check in verify_weights(chosen) if check.found)
    entry = weights.read_manifest()["saliency_iqa"]
    damaged = tmp_path / "weights" / entry.file
    damaged.parent.mkdir()
    damaged.write_bytes(b"not the weights")
    wrong = [check for check in verify_weights(chosen) if check.found and not check.right]
    assert [check.model for check in wrong] == ["saliency_iqa"]
    assert entry.sha256 in wrong[0].text
    file = tmp_path / "settings.yaml"
    file.write_text(f"downloads: {tmp_path / 'weights'}\n")
    answer = CliRunner().invoke(app, ["models", "verify", "--settings", str(file)])
    assert answer.exit_code == 1, answer.output


def test_the_default_models_judge_by_cadence_and_can_be_switched_off(tmp_path: Path) -> None:
    by_default = configure_detectors(settings(tmp_path))
    assert by_default.every_s["saliency_iqa"] == 10.0
    none = {name: False for name, model in MODELS.items() if model.default}
    off = configure_detectors(settings(tmp_path, models=none))
    assert not off.every_s
    assert {part.name for part in off.models} < {part.name for part in by_default.models}


def test_a_path_and_a_cadence_of_the_operator_are_used(tmp_path: Path) -> None:
    model = MODELS["sgdnet"]
    torch.manual_seed(1)
    path = tmp_path / "mine.safetensors"
    save_file({k: v.contiguous() for k, v in model.network().state_dict().items()}, path, metadata=dict(model.notes))
    chosen = configure_detectors(settings(tmp_path, models={"sgdnet": {"path": str(path), "every_s": 60.0}}))
    assert chosen.every_s["sgdnet"] == 60.0
    assert weights.sha256(path)[:12] in {part.name: part.fingerprint for part in chosen.models}["sgdnet"]


def test_a_gate_needs_a_number_that_is_measured_here(tmp_path: Path) -> None:
    gated = configure_detectors(settings(tmp_path, gate={"below": 30.0}))
    assert gated.gate is not None
    assert (gated.gate.metric, gated.gate.below) == ("image_quality", 30.0)
    with pytest.raises(ConfigError, match=r"gate\.metric: image_quality is not measured here"):
        configure_detectors(settings(tmp_path, gate={"below": 30.0}, models={"saliency_iqa": False}))
    with pytest.raises(ConfigError, match=r"gate\.metric: unknown metric beauty"):
        configure_detectors(settings(tmp_path, gate={"metric": "beauty", "below": 30.0}))


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"models": {"sgdnet": {"enabld": True}}}, r"models\.sgdnet\.enabld: unknown key, did you mean 'enabled'"),
        ({"models": {"sgdnet": {"every_s": 0}}}, r"models\.sgdnet\.every_s"),
        ({"gate": {"metric": "image_quality"}}, r"gate\.below: needed"),
    ],
)
def test_a_wrong_setting_is_named_by_its_path(content: dict[str, object], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        parse_settings(content)


def test_doctor_says_what_runs_the_networks_and_what_would_run_them_quicker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said() -> tuple[Health, str]:
        found = next(found for found in run_checks(settings(tmp_path, device="cpu")) if found.subject == "networks")
        return found.health, found.text

    health, text = said()
    assert health is Health.OK
    assert text.startswith("OpenVINO 20")
    monkeypatch.setattr(runtime, "PACKAGE", "openvino_that_nobody_installed")
    health, text = said()
    assert health is Health.NOTE
    assert text.startswith(f"PyTorch {torch.__version__}")


def test_a_model_asked_for_without_weights_stays_off_and_doctor_says_so(tmp_path: Path) -> None:
    chosen = settings(tmp_path, models={"sfiqa_s": {"enabled": True}})
    assert "sfiqa_s" not in configure_detectors(chosen).every_s
    found = {finding.subject: finding for finding in run_checks(chosen)}
    assert found["model saliency_iqa"].health is Health.OK
    assert found["model sfiqa_s"].health is Health.FAILED
    assert "give a path" in found["model sfiqa_s"].text


def test_the_api_knows_every_model(tmp_path: Path) -> None:
    records = {record.name: record for record in model_records(settings(tmp_path))}
    assert set(records) == set(MODELS)
    assert records["saliency_iqa"].judges
    assert records["sfiqa_s"].state == "off"
    assert records["sfiqa_s"].summary
