"""Names that others rely on: scripts, dashboards, settings files, databases. A change here breaks an installation."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer

from api.routes.prometheus import PROCESS_METRICS
from detectors.registry import METRICS
from domain.cameras import Camera
from domain.evidence_metrics import EVIDENCE_METRICS
from domain.faults import Fault
from sightline.cli.lazy_group import DeferredCommand
from sightline.cli.main import app
from sightline.config.settings import json_schema
from storage.sql.schema.tables import metadata
from tests.unit.api.conftest import Caller, make_app
from tests.unit.api.sample_cameras import SampleCameras, blur_verdict
from transport.kafka.topics import KafkaSettings

PUBLIC_NAMES = Path(__file__).with_name("public_names.json")


def commands(command: Any, path: str = "sightline") -> Iterator[str]:
    command = command.load() if isinstance(command, DeferredCommand) else command
    for parameter in command.params:
        yield (
            " ".join([path, *sorted(parameter.opts)])
            if parameter.opts[0].startswith("-")
            else f"{path} <{parameter.name}>"
        )
    if hasattr(command, "commands"):
        for name, inner in command.commands.items():
            yield f"{path} {name}"
            yield from commands(inner, f"{path} {name}")


def api_fields(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield `METHOD PATH`, its parameters, and the fields of answer and body, whatever their schemas are called."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            where = f"{method.upper()} {path}"
            yield where
            yield from (f"{where} ?{parameter['name']}" for parameter in operation.get("parameters", ()))
            answers = operation["responses"].get("200", {}).get("content", {}).values()
            bodies = operation.get("requestBody", {}).get("content", {}).values()
            for mark, contents in ((">", answers), ("<", bodies)):
                for content in contents:
                    fields = set(_fields(content.get("schema", {}), document["components"]["schemas"], ""))
                    yield from (f"{where} {mark} {field}" for field in sorted(fields))


def _fields(
    schema: Mapping[str, Any], schemas: Mapping[str, Any], path: str, inside: tuple[str, ...] = ()
) -> Iterator[str]:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        if name not in inside:
            yield from _fields(schemas[name], schemas, path, (*inside, name))
        return
    for choice in (*schema.get("anyOf", ()), *schema.get("allOf", ()), *schema.get("oneOf", ())):
        yield from _fields(choice, schemas, path, inside)
    if "items" in schema:
        yield from _fields(schema["items"], schemas, f"{path}[]", inside)
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _fields(schema["additionalProperties"], schemas, f"{path}{{}}", inside)
    for key, inner in schema.get("properties", {}).items():
        yield f"{path}.{key}"
        yield from _fields(inner, schemas, f"{path}.{key}", inside)


def public_names(api: Caller) -> dict[str, list[str]]:
    """Return every public name of this code by kind, sorted."""
    scraped = {line.split()[2] for line in api.get("/metrics").text.splitlines() if line.startswith("# TYPE")}
    kafka, settings = KafkaSettings(servers=("kafka:9092",)), json_schema()
    found = {
        "faults": [fault.value for fault in Fault],
        "metrics": [*METRICS, *EVIDENCE_METRICS],
        "settings": list(_fields(settings, settings["$defs"], "")),
        "prometheus": list(scraped),
        "columns": [f"{table.name}.{column.name}" for table in metadata.tables.values() for column in table.columns],
        "topics": [kafka.topic, kafka.dead_letter_topic],
        "api": list(api_fields(api.get("/api/v1/openapi.json").json())),
        "commands": list(commands(typer.main.get_command(app))),
    }
    return {kind: sorted(set(names)) for kind, names in found.items()}


@pytest.fixture
def stage() -> SampleCameras:
    return SampleCameras()


def test_no_public_name_is_lost_or_changed(stage: SampleCameras) -> None:
    """Adding is free: run this once with SIGHTLINE_WRITE_PUBLIC_NAMES=1 and look at what changed."""
    api = Caller(make_app(stage, metrics=lambda: dict.fromkeys(PROCESS_METRICS, 1.0)))
    stage.failing(Camera("gate", "rtsp://h/1", site="North", group="switch"), blur_verdict(), severity="critical")
    now = public_names(api)
    if os.environ.get("SIGHTLINE_WRITE_PUBLIC_NAMES"):
        PUBLIC_NAMES.write_text(json.dumps(now, indent=1) + "\n")
    kept = json.loads(PUBLIC_NAMES.read_text())
    lost = {kind: sorted(set(kept[kind]) - set(now[kind])) for kind in kept}
    new = {kind: sorted(set(now[kind]) - set(kept.get(kind, ()))) for kind in now}
    assert not any(lost.values()), f"public names are gone: {lost}"
    assert not any(new.values()), f"public names are not written down in public_names.json: {new}"
