"""`sightline shadow`: what would have been sent."""

from datetime import timedelta
from typing import Annotated

import typer

from domain.faults import FAULT_LABELS
from domain.shadow import ShadowMessage, count_by_fault, count_by_receiver
from sightline.cli.console import say, show_table, without_traceback, write_json
from sightline.cli.options import JsonOption, SettingsOption, load_command_settings
from sightline.runtime.clock import SystemClock
from sightline.runtime.stores import command_stores


@without_traceback
def shadow(
    days: Annotated[float, typer.Option("--days", min=0.01, max=36_500, help="How far back.")] = 7.0,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="The most messages shown.")] = 50,
    settings: SettingsOption = None,
    json_lines: JsonOption = False,
) -> None:
    """Say what would have been sent in shadow mode: when, to whom, and how often for each fault."""
    chosen, clock = load_command_settings(settings), SystemClock()
    now = clock.now()
    with command_stores(chosen, clock) as stores:
        found = stores.shadow.messages(now - timedelta(days=days), now, limit=100_000)
    if json_lines:
        for each in found[:limit]:
            write_json(_message_json(each))
        return
    say(chosen.alerts.scope().sentence() or "shadow mode is off: messages are sent")
    if not found:
        say(f"nothing was kept from receivers in the last {days:g} days")
        return
    counts = ((FAULT_LABELS[each.fault], str(each.incidents), str(each.messages)) for each in count_by_fault(found))
    show_table(("fault", "incidents", "messages"), counts)
    show_table(("receiver", "messages"), ((name, str(count)) for name, count in count_by_receiver(found).items()))
    show_table(("at", "receiver", "kind", "what"), map(_message_cells, found[:limit]))
    if len(found) > limit:
        say(f"{len(found) - limit} earlier messages are not shown; raise --limit to see them")


def _message_cells(message: ShadowMessage) -> tuple[str, ...]:
    what = message.incident.summary or FAULT_LABELS[message.incident.headline]
    return (f"{message.at:%Y-%m-%d %H:%M:%SZ}", message.receiver, message.kind.value, what)


def _message_json(message: ShadowMessage) -> dict[str, object]:
    incident = message.incident
    return {
        "at": message.at.isoformat(),
        "receiver": message.receiver,
        "kind": message.kind.value,
        "incident_id": incident.incident_id,
        "camera": incident.stream_id,
        "members": list(incident.members),
        "site": incident.site,
        "headline": incident.headline.value,
        "severity": incident.severity,
        "summary": incident.summary,
    }
