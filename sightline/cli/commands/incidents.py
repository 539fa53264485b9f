"""`sightline incidents`: what is wrong now, what people did about it, and how often alarms were right."""

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from domain.alerts import AlarmAnswer, Incident, IncidentAction, IncidentFilter, IncidentLogEntry, IncidentState
from domain.errors import ConfigError
from domain.faults import FAULT_LABELS, Fault
from domain.incident_work import answer_alarm
from domain.text.names import MAX_NAME_LENGTH, clean_line
from evaluation.alerting.alarm_precision import FaultPrecision, measure_precision
from sightline.cli.console import say, show_table, without_traceback, write_json
from sightline.cli.options import ByOption, JsonOption, SettingsOption, choose_person, load_command_settings
from sightline.runtime.clock import SystemClock
from sightline.runtime.stores import command_stores
from sightline.services.maintenance_planner import StoredMaintenancePlanner

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="List, take on, assign, comment and answer incidents."
)

IncidentArgument = Annotated[str, typer.Argument(help="The incident's id, as `incidents list` shows it.")]
NoteOption = Annotated[str, typer.Option(help="What else is to be said.")]


@app.command("list")
@without_traceback
def list_incidents(
    *,
    every: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False,
    fault: Annotated[Fault | None, typer.Option(help="Only this fault, by its key.")] = None,
    site: Annotated[str | None, typer.Option(help="Only this site.")] = None,
    camera: Annotated[str | None, typer.Option(help="Only this camera.")] = None,
    assigned_to: Annotated[str | None, typer.Option(help="Only those of this person; empty for nobody's.")] = None,
    unanswered: Annotated[bool, typer.Option("--unanswered", help="Only those not yet called right or wrong.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    settings: SettingsOption = None,
    json_lines: JsonOption = False,
) -> None:
    """List incidents, newest first."""
    asked = IncidentFilter(
        state=None if every or unanswered else IncidentState.OPEN,
        fault=fault,
        site=site,
        stream_id=camera,
        assigned_to=assigned_to,
        answered=False if unanswered else None,
    )
    with command_stores(load_command_settings(settings), SystemClock()) as stores:
        incidents = stores.alerts.incidents(filters=asked, limit=limit)
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
    incident_id: IncidentArgument,
    reason: Annotated[str, typer.Option(help="What is being done about it.")] = "",
    settings: SettingsOption = None,
    by: ByOption = "",
) -> None:
    """Acknowledge an incident by name."""
    clock, person = SystemClock(), choose_person(by)
    reason = clean_line(reason, where="--reason")
    with command_stores(load_command_settings(settings), clock) as stores:
        found = stores.alerts.acknowledge(incident_id, by=person, reason=reason, at=clock.now())
    if found is None:
        raise _unknown_incident(incident_id)
    if found.acknowledged_by != person:
        at = f" at {found.acknowledged_at:%Y-%m-%d %H:%M:%S} UTC" if found.acknowledged_at is not None else ""
        raise ConfigError(
            f"incident '{incident_id}': {found.acknowledged_by} took it on{at}; "
            "add to it with: sightline incidents comment"
        )
    say(f"{person} has taken on {incident_id}")


@app.command()
@without_traceback
def snooze(
    incident_id: IncidentArgument,
    hours: Annotated[float, typer.Option(help="How long no message about it is sent.")] = 4.0,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    settings: SettingsOption = None,
    by: ByOption = "",
) -> None:
    """Put off messages about an incident; judging goes on."""
    chosen, clock = load_command_settings(settings), SystemClock()
    reason = clean_line(reason, where="--reason")
    with command_stores(chosen, clock) as stores:
        if stores.alerts.incident(incident_id) is None:
            raise _unknown_incident(incident_id)
        planner = StoredMaintenancePlanner(stores.reports, stores.quiet, clock, chosen.reports.zones().of)
        put_off = planner.snooze(timedelta(hours=hours), incident_id=incident_id, reason=reason, by=choose_person(by))
    say(f"no message about {incident_id} is sent until {put_off.until:%Y-%m-%d %H:%M} UTC")


@app.command()
@without_traceback
def assign(
    incident_id: IncidentArgument,
    to: Annotated[str, typer.Argument(help="Who is to look after it; an empty text for nobody.")],
    note: NoteOption = "",
    settings: SettingsOption = None,
    by: ByOption = "",
) -> None:
    """Say who is to look after an incident."""
    person = clean_line(to, where="TO", longest=MAX_NAME_LENGTH)
    _record(settings, _entry(incident_id, by, IncidentAction.ASSIGN, person, note))
    say(f"{incident_id} is assigned to {person or 'nobody'}")


@app.command()
@without_traceback
def comment(
    incident_id: IncidentArgument,
    note: Annotated[str, typer.Argument(help="What to add to its log.")],
    settings: SettingsOption = None,
    by: ByOption = "",
) -> None:
    """Add a note to the log of an incident."""
    if not note.strip():
        raise ConfigError("NOTE: needed, but empty")
    _record(settings, _entry(incident_id, by, IncidentAction.COMMENT, "", note))
    say(f"added to the log of {incident_id}")


@app.command()
@without_traceback
def answer(
    incident_id: IncidentArgument,
    was: Annotated[AlarmAnswer, typer.Argument(help="Whether the alarm was right, wrong, or the new normal.")],
    note: NoteOption = "",
    settings: SettingsOption = None,
    by: ByOption = "",
) -> None:
    """Say whether an alarm was right; new-normal accepts the camera's present view too."""
    clock, person = SystemClock(), choose_person(by)
    note = clean_line(note, where="--note")
    with command_stores(load_command_settings(settings), clock) as stores:
        incident = stores.alerts.incident(incident_id)
        if incident is None:
            raise _unknown_incident(incident_id)
        accepted = answer_alarm(stores.alerts, stores.streams, incident, was, by=person, note=note, at=clock.now())
    say(f"{incident_id}: {was.value}" + ("; the present view is accepted as normal" if accepted else ""))


@app.command()
@without_traceback
def log(incident_id: IncidentArgument, settings: SettingsOption = None, json_lines: JsonOption = False) -> None:
    """Show what people did about an incident, oldest first."""
    with command_stores(load_command_settings(settings), SystemClock()) as stores:
        if stores.alerts.incident(incident_id) is None:
            raise _unknown_incident(incident_id)
        entries = stores.alerts.incident_log(incident_id)
    if json_lines:
        for entry in entries:
            write_json(
                {
                    "at": entry.at.isoformat(),
                    "by": entry.by,
                    "action": entry.action.value,
                    "value": entry.value,
                    "note": entry.note,
                }
            )
        return
    if not entries:
        say("nobody did anything about it yet")
        return
    show_table(("at", "by", "action", "value", "note"), map(_entry_cells, entries))


@app.command()
@without_traceback
def precision(settings: SettingsOption = None, json_lines: JsonOption = False) -> None:
    """Show how often alarms were right, per fault, from what people answered."""
    with command_stores(load_command_settings(settings), SystemClock()) as stores:
        found = measure_precision(stores.alerts.count_answers(IncidentFilter(answered=True)))
    if json_lines:
        for each in found:
            write_json(asdict(each))
        return
    if not found:
        say("no alarm was called right or wrong yet; do so with: sightline incidents answer ID right|wrong|new-normal")
        return
    columns = ("fault", "right", "wrong", "new normal", "precision", "95 % interval")
    show_table(columns, map(_precision_cells, found))


def _entry_cells(entry: IncidentLogEntry) -> tuple[str, ...]:
    return f"{entry.at:%Y-%m-%d %H:%M:%SZ}", entry.by, entry.action.value, entry.value, entry.note


def _precision_cells(found: FaultPrecision) -> tuple[str, ...]:
    share = "-" if found.precision is None else f"{100 * found.precision:.0f} %"
    interval = f"{100 * found.low:.0f} to {100 * found.high:.0f} %"
    return FAULT_LABELS[found.fault], str(found.right), str(found.wrong), str(found.new_normal), share, interval


def _record(settings: Path | None, entry: IncidentLogEntry) -> None:
    with command_stores(load_command_settings(settings), SystemClock()) as stores:
        if not stores.alerts.record_work(entry):
            raise _unknown_incident(entry.incident_id)


def _entry(incident_id: str, by: str, action: IncidentAction, value: str, note: str) -> IncidentLogEntry:
    said = clean_line(note, where="--note")
    return IncidentLogEntry(incident_id, SystemClock().now(), choose_person(by), action, value, said)


def _unknown_incident(incident_id: str) -> ConfigError:
    return ConfigError(f"incident '{incident_id}': there is none; see: sightline incidents list --all")


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
        "assigned_to": incident.assigned_to,
        "answer": incident.answer.value if incident.answer else None,
    }
