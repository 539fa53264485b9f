"""What the demo shows: the cameras as they are now, its delays beside production's, and the summary."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from domain.alerts import NotificationKind, OutboxEntry
from domain.cameras import ConnectionState
from domain.faults import FAULT_LABELS, Fault, NotAssessable, VerdictState
from domain.messages import StreamSnapshot
from domain.ports import Clock
from domain.records import ModelRecord
from evaluation.policy import Policy
from evaluation.rules.fault_rules import RULES
from sightline.demo.outcomes import CameraOutcome
from sightline.runtime.system import System

LEARNING = "learning"
MODEL_SCORES = {
    "image_quality": "quality",
    "detectability": "detects",
    "person_count": "people",
    "face_count": "faces",
}
"""What the models that are on by default say, by the demo's short names: scores from 0 to 100, and counts."""
_STYLES = {"ALERT": "bold red", "suspected": "yellow", "healthy": "green", LEARNING: "cyan", "unknown": "dim"}
_STATES = ("ALERT", "suspected", "unknown", LEARNING, "healthy")


def delay_table(faults: Sequence[Fault], short: Policy) -> Table:
    """Return how long a fault lasts before its alert, here and in production."""
    production = Policy()
    table = Table(title="How patient: this demo and production", title_justify="left")
    for column in ("fault", "raised after, here", "in production", "ends after, here", "in production"):
        table.add_column(column, justify="left" if column == "fault" else "right")
    for fault in faults:
        rule = RULES[fault].alert
        times = (
            short.hold_for_s(rule),
            production.hold_for_s(rule),
            short.keep_firing_for_s(rule, 0),
            production.keep_firing_for_s(rule, 0),
        )
        table.add_row(FAULT_LABELS[fault], *(_duration(seconds) for seconds in times))
    learns = (short.provisional_s or short.learn_s, production.learn_s)
    table.add_row("[dim]learning what is usual[/]", *(_duration(seconds) for seconds in learns), "", "")
    return table


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:g} s"
    return f"{seconds / 60:g} min" if seconds < 7200 else f"{seconds / 3600:g} h"


def describe_camera(snapshot: StreamSnapshot | None) -> tuple[str, str, str]:
    """Return (state, fault, why) of one camera in a guard's words."""
    if snapshot is None or snapshot.status is None:
        return "unknown", "", "no sign of it yet"
    if snapshot.incident is not None:
        return "ALERT", FAULT_LABELS[snapshot.incident.headline], _reason(snapshot, snapshot.incident.headline)
    found = [verdict for verdict in snapshot.verdicts if verdict.state is VerdictState.FAULT]
    if found:
        return "suspected", FAULT_LABELS[found[0].fault], found[0].reason
    if snapshot.status.state is not ConnectionState.LIVE:
        return "unknown", "", snapshot.status.reason or snapshot.status.state.value
    learning = [verdict for verdict in snapshot.verdicts if verdict.cause is NotAssessable.NEEDS_BASELINE]
    if learning:
        return LEARNING, "", learning[0].reason
    asked = [each for each in snapshot.verdicts if each.state is VerdictState.OK or not RULES[each.fault].analogue_only]
    made = sum(each.state is VerdictState.OK for each in asked)
    return "healthy", "", f"{made} of {len(asked)} checks made"


def _reason(snapshot: StreamSnapshot, fault: Fault) -> str:
    """Return why the fault is held against the camera, or that it is over but for the wait."""
    verdict = next((verdict for verdict in snapshot.verdicts if verdict.fault is fault), None)
    if verdict is None or verdict.state is VerdictState.OK:
        return "over; waiting whether it stays so"
    return verdict.reason


def camera_table(snapshots: Mapping[str, StreamSnapshot], cameras: Sequence[str], now: datetime, title: str) -> Table:
    """Return the live table, worst first."""
    table = Table(title=title, title_justify="left", expand=True)
    for column, width in (("camera", 10), ("state", 9), ("fault", 23)):
        table.add_column(column, min_width=width, no_wrap=True)
    table.add_column("why", ratio=1, no_wrap=True)
    for column in MODEL_SCORES.values():
        table.add_column(column, min_width=7, no_wrap=True, justify="right")
    table.add_column("fps", min_width=4, no_wrap=True, justify="right")
    table.add_column("last", min_width=6, no_wrap=True, justify="right")
    shown = [(name, describe_camera(snapshots.get(name))) for name in cameras]
    for name, (state, fault, reason) in sorted(shown, key=lambda row: _STATES.index(row[1][0])):
        status = snapshots[name].status if name in snapshots else None
        fps = status.counters.fps if status is not None else None
        seen = status.last_frame_at if status is not None else None
        table.add_row(
            escape(name),
            f"[{_STYLES[state]}]{state}[/]",
            escape(fault),
            escape(reason),
            *(_model_score_text(snapshots.get(name), metric) for metric in MODEL_SCORES),
            "" if fps is None else f"{fps:.1f}",
            "" if seen is None else f"{max(0.0, (now - seen).total_seconds()):.1f} s",
        )
    return table


def _model_score_text(snapshot: StreamSnapshot | None, metric: str) -> str:
    value = None if snapshot is None else snapshot.values.get(metric)
    return "" if value is None else f"{value:.0f}"


def model_scores_line(snapshots: Mapping[str, StreamSnapshot]) -> str:
    """Return the range of what the models say of the cameras: `quality 31-68, detects 40-97`; "" before they do."""
    parts = []
    for metric, name in MODEL_SCORES.items():
        values = [shown.values[metric] for shown in snapshots.values() if metric in shown.values]
        if values:
            parts.append(f"{name} {min(values):.0f}-{max(values):.0f}")
    return ", ".join(parts)


def models_line(records: Sequence[ModelRecord]) -> str:
    """Return which models judge and how often, the most frequent first: `every 10 s: a, b; every 60 s: c`."""
    names: dict[float, list[str]] = {}
    for record in records:
        if record.judges:
            names.setdefault(record.every_s, []).append(record.name)
    parts = [f"every {every_s:g} s: {', '.join(members)}" for every_s, members in sorted(names.items())]
    return "; ".join(parts) or "none"


def message_line(entry: OutboxEntry, since_start_s: float) -> str:
    """Return one alert as a line with rich's markup."""
    incident = entry.incident
    who = ", ".join(incident.members) or incident.stream_id
    text = incident.summary or f"{who}: {FAULT_LABELS[incident.headline]}"
    mark = {
        NotificationKind.FIRING: "[bold red]ALERT[/]",
        NotificationKind.UPDATE: "[yellow]UPDATE[/]",
        NotificationKind.RESOLVED: "[bold green]RESOLVED[/]",
    }[entry.kind]
    also = ", ".join(FAULT_LABELS[fault] for fault in incident.symptoms)
    symptoms = f" (also: {escape(also)})" if also and entry.kind is not NotificationKind.RESOLVED else ""
    return f"{since_start_s:5.1f} s  {mark} {escape(text)}{symptoms}"


def summary_table(results: Sequence[CameraOutcome], started: datetime) -> Table:
    """Return what was planted and what became of it."""
    table = Table(title="What was planted and what was announced", title_justify="left")
    for column in ("camera", "planted", "at", "raised as", "at", "delay", "alerts", "over at", ""):
        table.add_column(column, justify="right" if column in ("at", "delay", "alerts", "over at") else "left")

    def at(moment: datetime | None) -> str:
        return "" if moment is None else f"{(moment - started).total_seconds():.1f} s"

    for result in results:
        fault, headline = result.planted.fault, result.headline
        table.add_row(
            escape(result.planted.camera),
            FAULT_LABELS[fault] if fault else "[dim]nothing[/]",
            at(result.planted.at),
            FAULT_LABELS[headline] if headline else "",
            at(result.raised_at),
            "" if result.delay_s is None else f"{result.delay_s:.1f} s",
            str(result.alerts),
            at(result.resolved_at),
            f"[bold red]{escape(result.wrong)}[/]" if result.wrong else "[green]ok[/]",
        )
    return table


PLAIN_LINE_EVERY_S = 10.0


@contextmanager
def camera_display(
    system: System, cameras: Sequence[str], started: datetime, clock: Clock, console: Console
) -> Iterator[Callable[[], None]]:
    """Give what shows the cameras; call it as often as you like."""
    if not console.is_terminal:
        yield _plain_display(system, cameras, started, clock, console)
        return

    def table() -> Table:
        now = clock.now()
        title = f"{len(cameras)} cameras after {(now - started).total_seconds():.0f} s   {system.address}"
        return camera_table(system.live.all(), cameras, now, title)

    with Live(table(), console=console, auto_refresh=False) as live:
        yield lambda: live.update(table(), refresh=True)


def _plain_display(
    system: System, cameras: Sequence[str], started: datetime, clock: Clock, console: Console
) -> Callable[[], None]:
    """Return what prints one line of the cameras' states every `PLAIN_LINE_EVERY_S`."""
    due_s = PLAIN_LINE_EVERY_S

    def show() -> None:
        nonlocal due_s
        since_s = (clock.now() - started).total_seconds()
        if since_s < due_s:
            return
        due_s += PLAIN_LINE_EVERY_S
        snapshots = system.live.all()
        states = [describe_camera(snapshots.get(name))[0] for name in cameras]
        counted = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
        learned = model_scores_line(snapshots)
        console.print(f"{since_s:5.1f} s  {counted}{'; ' if learned else ''}{learned}")

    return show
