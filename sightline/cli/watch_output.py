"""Shows a live verdict: a table that renews itself on a terminal, a line for each change elsewhere, or JSON lines."""

import threading
from contextlib import closing, nullcontext

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from api.check_counts import count_checks
from domain.cameras import Camera, ConnectionState
from domain.faults import FAULT_LABELS, Verdict, VerdictState
from domain.messages import StreamSnapshot
from domain.text.camera_urls import redact_url
from evaluation.alerting.alert_states import TOO_FEW_FRAMES
from sightline.cli.console import escape_for_console, out, redactor, report_error, say, write_json
from sightline.config.settings import Settings
from sightline.models.configured_models import configure_detectors
from sightline.runtime.stop_signals import stop_on_signals
from sightline.standalone.report import verdicts_json
from sightline.standalone.stream_watch import StreamWatch
from workers.frame_scoring.device import resolve_device, use_threads


def show_watch(camera: Camera, settings: Settings, *, device: str | None, for_s: float, json_lines: bool) -> int:
    """Watch with the models that the settings choose, and show; return 0 when a frame was evaluated, else 1."""
    use_threads(settings.threads)
    chosen = resolve_device(device or settings.device)
    stream = StreamWatch(camera, configure_detectors(settings), chosen, settings.ingest.limits())
    live = out.is_terminal and not json_lines
    last_line = ""
    snapshot: StreamSnapshot | None = None
    say(f"watching {redact_url(camera.url)}; nothing is stored")
    with stop_on_signals() as stop, Live(console=out, auto_refresh=False) if live else nullcontext() as screen:
        if for_s:
            _stop_after(for_s, stop)
        with closing(stream.snapshots(stop)) as snapshots:
            for snapshot in snapshots:
                if json_lines:
                    write_json(_snapshot_json(camera, snapshot, stream.frames))
                elif screen is not None:
                    screen.update(_verdict_table(camera, snapshot, stream.frames), refresh=True)
                elif (line := _status_line(camera, snapshot)) != last_line:
                    out.print(escape_for_console(f"{snapshot.at:%H:%M:%SZ} {line}"))
                    last_line = line
    if stream.frames:
        return 0
    reason = snapshot.status.reason if snapshot is not None and snapshot.status is not None else ""
    report_error(f"{redact_url(camera.url)}: no frame could be evaluated{f': {reason}' if reason else ''}")
    return 1


def _stop_after(seconds: float, stop: threading.Event) -> None:
    timer = threading.Timer(seconds, stop.set)
    timer.daemon = True
    timer.start()


def fault_verdicts(snapshot: StreamSnapshot) -> list[Verdict]:
    return [verdict for verdict in snapshot.verdicts if verdict.state is VerdictState.FAULT]


def coverage_text(camera: Camera, snapshot: StreamSnapshot) -> str:
    """Say how many of the camera's checks could be made, and why the others could not.

    Such as `18 of 25 checks made; not assessable: 7 learning day`. Until the first pictures are judged the counts
    would say nothing about the camera, and are left out.
    """
    counted = count_checks(camera, snapshot.verdicts)
    if dict(counted.waiting).get(TOO_FEW_FRAMES, 0) > counted.done:
        return "collecting the first pictures before the checks begin"
    if not snapshot.values:
        return "no check is made without a picture"
    reasons = [f"{count} {reason}" for reason, count in counted.waiting]
    without = f"; not assessable: {', '.join(reasons)}" if reasons else ""
    return f"{counted.done} of {counted.of} checks made{without}"


def _status_line(camera: Camera, snapshot: StreamSnapshot) -> str:
    return f"{_connection_text(snapshot)}, {_headline_text(snapshot)}, {coverage_text(camera, snapshot)}"


def _connection_text(snapshot: StreamSnapshot) -> str:
    if snapshot.status is None:
        return "no status yet"
    reason = f" ({snapshot.status.reason})" if snapshot.status.reason else ""
    return f"{snapshot.status.state.value}{reason}"


def _headline_text(snapshot: StreamSnapshot) -> str:
    found = fault_verdicts(snapshot)
    if found:
        return "; ".join(f"{FAULT_LABELS[verdict.fault]}: {verdict.reason}" for verdict in found)
    live = snapshot.status is not None and snapshot.status.state is ConnectionState.LIVE
    return "no fault found" if live and snapshot.values else "nothing is known about the picture"


def _verdict_table(camera: Camera, snapshot: StreamSnapshot, frames: int) -> Group:
    table = Table(title=escape_for_console(redact_url(camera.url)), title_justify="left")
    for column in ("check", "state", "why"):
        table.add_column(column)
    styles = {VerdictState.FAULT: "bold red", VerdictState.OK: "green", VerdictState.NOT_ASSESSABLE: "dim"}
    order = list(styles)
    for verdict in sorted(snapshot.verdicts, key=lambda verdict: order.index(verdict.state)):
        cells = (FAULT_LABELS[verdict.fault], verdict.state.value.replace("_", " "), verdict.reason)
        table.add_row(*(escape_for_console(text) for text in cells), style=styles[verdict.state])
    fps = snapshot.status.counters.fps if snapshot.status is not None else None
    rate = f", {fps:.1f} frames/s from the camera" if fps is not None else ""
    head = f"{_connection_text(snapshot)}, {_headline_text(snapshot)}, {frames} frames evaluated{rate}"
    return Group(table, Text(redactor(head)), Text(redactor(coverage_text(camera, snapshot))))


def _snapshot_json(camera: Camera, snapshot: StreamSnapshot, frames: int) -> dict[str, object]:
    status = snapshot.status
    counted = count_checks(camera, snapshot.verdicts)
    return {
        "source": redact_url(camera.url),
        "at": snapshot.at.isoformat(),
        "connection": status.state.value if status is not None else None,
        "reason": redactor(status.reason) if status is not None else "",
        "frames_judged": frames,
        "checks_made": counted.done,
        "checks": counted.of,
        "scores": dict(snapshot.values),
        "verdicts": verdicts_json(snapshot.verdicts),
    }
