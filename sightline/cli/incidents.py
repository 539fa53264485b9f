"""`sightline incidents`: what is wrong now, and who took it on."""

from typing import Annotated

import typer

from domain.alerts import Incident, IncidentState
from domain.errors import ConfigError
from domain.faults import FAULT_LABELS
from domain.text.names import clean_line
from sightline.cli.console import say, show_table, without_traceback, write_json
from sightline.cli.options import ByOption, JsonOption, SettingsOption, choose_person, load_command_settings
from sightline.runtime.clock import SystemClock
from sightline.runtime.stores import command_stores

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="List and acknowledge incidents.")


@app.command("list")
@without_traceback
def list_incidents(
    every: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    settings: SettingsOption = None,
    json_lines: JsonOption = False,
) -> None:
    """List incidents, newest first."""
    with command_stores(load_command_settings(settings), SystemClock()) as stores:
        incidents = stores.alerts.incidents(state=None if every else IncidentState.OPEN, limit=limit)
    if json_lines:
        for incident in incidents:
            write_json(_incident_json(incident))
        return
    if not incidents:
        say("no incidents" if every else "no open incidents")
        return
    show_table(("incident", "since", "camera", "what", "state", "taken on by"), map(_incident_cells, incidents))


def _incident_cells(incident: Incident) -> tuple[str, ...]:
    return (
        incident.incident_id,
        f"{incident.opened_at:%Y-%m-%d %H:%M:%SZ}",
        incident.stream_id or ", ".join(incident.members),
        incident.summary or FAULT_LABELS[incident.headline],
        incident.state.value,
        incident.acknowledged_by,
    )


@app.command()
@without_traceback
def ack(
    incident_id: Annotated[str, typer.Argument(help="The incident's id, as `incidents list` shows it.")],
    reason: Annotated[str, typer.Option(help="What is being done about it.")] = "",
    settings: SettingsOption = None,
    by: ByOption = "",
) -> None:
    """Acknowledge an incident by name."""
    clock = SystemClock()
    reason = clean_line(reason, where="--reason")
    with command_stores(load_command_settings(settings), clock) as stores:
        if not stores.alerts.acknowledge(incident_id, by=choose_person(by), reason=reason, at=clock.now()):
            raise ConfigError(f"incident '{incident_id}': there is none; see: sightline incidents list --all")
    say(f"{choose_person(by)} has taken on {incident_id}")


def _incident_json(incident: Incident) -> dict[str, object]:
    return {
        "incident_id": incident.incident_id,
        "camera": incident.stream_id,
        "members": list(incident.members),
        "headline": incident.headline.value,
        "symptoms": [fault.value for fault in incident.symptoms],
        "state": incident.state.value,
        "opened_at": incident.opened_at.isoformat(),
        "resolved_at": incident.resolved_at.isoformat() if incident.resolved_at else None,
        "summary": incident.summary,
        "acknowledged_by": incident.acknowledged_by,
    }
