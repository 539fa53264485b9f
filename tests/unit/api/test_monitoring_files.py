"""The alert rules and the dashboard ask only for what `/metrics` gives."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from api.routes.prometheus import PROCESS_METRICS
from deploy.reference.runbook_page import render_runbook_page
from domain.cameras import Camera
from domain.faults import Fault
from tests.conftest import absent
from tests.unit.api.conftest import Caller, make_app
from tests.unit.api.sample_cameras import SampleCameras, blur_verdict

DEPLOY = Path(__file__).parents[3] / "deploy"


@pytest.fixture
def samples(stage: SampleCameras) -> dict[str, set[str]]:
    """Every sample name that `/metrics` gives, with its label names."""
    stage.failing(Camera("gate", "rtsp://h/1", site="North", group="switch 4"), blur_verdict())
    app = make_app(stage, metrics=lambda: dict.fromkeys(PROCESS_METRICS, 1.0), health=lambda: {"ingest": ""})
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(Caller(app).get("/metrics").text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((DEPLOY / "prometheus" / "rules.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((DEPLOY / "grafana" / "sightline.json").read_text())
    return read


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in rules())
    yield from (target["expr"] for panel in dashboard()["panels"] for target in panel["targets"])
    yield from (v["query"]["query"] for v in dashboard()["templating"]["list"] if v["type"] == "query")


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_every_expression_names_samples_and_labels_that_exist(expression: str, samples: dict[str, set[str]]) -> None:
    assert expression.count("(") == expression.count(")")
    names = re.findall(r"sightline_\w+", expression)
    for name in names:
        assert name in samples, name
    for name, matchers in re.findall(r"(sightline_\w+)\{([^}]*)\}", expression):
        for label in re.findall(r"(\w+)\s*[=!]", matchers):
            assert label in samples[name], (name, label)
    assert names or expression.startswith("up{")


def test_every_alert_says_what_to_do_with_labels_that_it_has(samples: dict[str, set[str]]) -> None:
    for rule in rules():
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert {"summary", "description", "runbook_url"} == rule["annotations"].keys()
        wanted = set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"])))
        have = set().union(*(samples.get(name, set()) for name in re.findall(r"sightline_\w+", rule["expr"])))
        assert wanted <= have, rule["alert"]
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names))


def test_the_dashboards_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    panels = dashboard()["panels"]
    assert len(panels) > 1
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not taken & cells, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells


def test_every_alert_leads_to_its_place_in_the_runbook() -> None:
    headings = re.findall(r"^### (\S+)$", render_runbook_page(), re.MULTILINE)
    assert sorted(headings) == sorted([*Fault, *(rule["alert"] for rule in rules() if rule["alert"] != "CameraFault")])
    for rule in rules():
        page, _, place = rule["annotations"]["runbook_url"].partition("#")
        assert (DEPLOY.parent / page).is_file()
        wanted = "{{ $labels.fault }}" if rule["alert"] == "CameraFault" else rule["alert"].lower()
        assert place == wanted


def test_the_rules_fire_when_they_should_and_not_before() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        absent("needs promtool: apt-get install prometheus")
    assert promtool is not None
    command = [promtool, "test", "rules", str(DEPLOY / "prometheus" / "rules_test.yml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
