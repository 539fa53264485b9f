"""`sightline status`: what runs, how the cameras are, and what waits, at one look."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import typer
from sqlalchemy import Engine, make_url

from domain.cameras import Camera
from domain.errors import ConfigError
from domain.messages import StreamSnapshot
from domain.retention import Retention
from sightline.cli.console import EXIT_FAILED, escape_for_console, out, without_traceback, write_json
from sightline.cli.options import JsonOption, SettingsOption, load_command_settings
from sightline.config.settings import Settings
from sightline.runtime.clock import SystemClock
from sightline.runtime.stores import open_configured_engine
from storage.sql.database.migrate import current_revision, newest_revision
from storage.sql.message_counts import MessageCounts, count_messages
from storage.sql.score_store import SqlScoreStore
from storage.sql.stream_store import SqlStreamStore

KNOWN_FOR_S = 60.0
"""A state stored longer ago says nothing about now; statuses come every two seconds."""
_TIMEOUT_S = 3.0
_QUEUE_METRIC = "sightline_scoring_lag_messages "


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """What the running process says of itself: `parts` that are not well, messages in its queue.

    `reason` says why it does not answer.
    """

    answered: bool
    ready: bool = False
    unwell: Mapping[str, str] | None = None
    queue: int | None = None
    reason: str = ""


@without_traceback
def status(settings: SettingsOption = None, json_lines: JsonOption = False) -> None:
    """Say what runs, cameras by state, the oldest of them, and what waits; exit status 1 where not all is well."""
    chosen = load_command_settings(settings)
    page = _ask_page(chosen)
    now = SystemClock().now()
    engine = _open_store(chosen)
    try:
        cameras = SqlStreamStore(engine).cameras()
        store = SqlScoreStore(engine, retention=Retention(**chosen.retention.model_dump()), clock=SystemClock())
        latest = store.latest([camera.name for camera in cameras])
        messages = count_messages(engine)
    finally:
        engine.dispose()
    states = Counter(_state(camera, latest.get(camera.name), now) for camera in cameras)
    oldest = _find_oldest(cameras, latest)
    found = {
        "running": page.answered,
        "ready": page.ready,
        "unwell": dict(page.unwell or {}),
        "queue": page.queue,
        "cameras": dict(sorted(states.items())),
        "oldest_camera": oldest[0] if oldest else None,
        "oldest_s": round((now - oldest[1]).total_seconds(), 1) if oldest else None,
        "store": newest_revision(),
        "messages_waiting": messages.waiting,
        "last_message_at": messages.last_delivered_at.isoformat() if messages.last_delivered_at else None,
    }
    if json_lines:
        write_json(found)
    else:
        _show(found, page, messages, now)
    if not page.ready or states["unknown"]:
        raise typer.Exit(EXIT_FAILED)


def _open_store(settings: Settings) -> Engine:
    """Return the database as it is: looking makes no file and changes no schema."""
    address = make_url(settings.database)
    if address.get_backend_name() == "sqlite" and not Path(str(address.database)).is_file():
        raise ConfigError(f"database: there is none at {address.database}; name the settings that `sightline run` has")
    engine = open_configured_engine(settings)
    try:
        found = current_revision(engine)
        if found != newest_revision():
            raise ConfigError(f"database: its schema is {found or 'empty'}; start Sightline, or run: sightline migrate")
    except BaseException:
        engine.dispose()
        raise
    return engine


def _ask_page(settings: Settings) -> PageAnswer:
    api = settings.api
    if not api.enabled or not api.port:
        return PageAnswer(False, reason="the page is switched off or has no fixed port (api.enabled, api.port)")
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(api.host, api.host)
    base = f"http://[{host}]:{api.port}" if ":" in host else f"http://{host}:{api.port}"
    headers = {"Authorization": f"Bearer {api.token.strip()}"} if api.token else {}
    try:
        with httpx.Client(base_url=base, headers=headers, timeout=_TIMEOUT_S, trust_env=False) as client:
            ready = client.get("/readyz")
            answer: dict[str, Any] = ready.json()
            unwell = {part: reason for part, reason in answer["parts"].items() if reason != "ok"}
            return PageAnswer(
                True, ready.status_code == httpx.codes.OK, unwell, _read_queue(client.get("/metrics").text)
            )
    except httpx.HTTPError:
        return PageAnswer(False, reason=f"nothing answers at {base}; start it with: sightline run")
    except (ValueError, KeyError, AttributeError, TypeError):
        return PageAnswer(
            False, reason=f"something else than Sightline answers at {base}; look at api.port and api.token"
        )


def _read_queue(metrics: str) -> int | None:
    line = next((each for each in metrics.splitlines() if each.startswith(_QUEUE_METRIC)), None)
    return None if line is None else int(float(line.removeprefix(_QUEUE_METRIC)))


def _state(camera: Camera, snapshot: StreamSnapshot | None, now: datetime) -> str:
    if not camera.enabled:
        return "off"
    if snapshot is None or snapshot.status is None or now - snapshot.at > timedelta(seconds=KNOWN_FOR_S):
        return "unknown"
    return "fault" if snapshot.incident is not None else snapshot.status.state.value


def _find_oldest(cameras: Sequence[Camera], latest: Mapping[str, StreamSnapshot]) -> tuple[str, datetime] | None:
    """Return the watched camera of which the last is known for longest, and since when."""
    known = [(each.name, latest[each.name].at) for each in cameras if each.enabled and each.name in latest]
    return min(known, key=lambda pair: pair[1], default=None)


def _show(found: Mapping[str, Any], page: PageAnswer, messages: MessageCounts, now: datetime) -> None:
    running = (
        "no answer: " + page.reason if not page.answered else "runs" if page.ready else "runs, but not all is well"
    )
    lines = [("sightline", running), *(page.unwell or {}).items()]
    states = ", ".join(f"{count} {state}" for state, count in found["cameras"].items())
    lines.append(("cameras", states or "none yet; add one with: sightline cameras add NAME URL"))
    if found["oldest_camera"] is not None:
        lines.append(("oldest", f"{found['oldest_camera']}: last known {found['oldest_s']:g} s ago"))
    if page.queue is not None:
        lines.append(("queue", f"{page.queue} messages wait to be scored"))
    lines.append(("store", f"answers, schema {found['store']}"))
    since = f", the oldest for {(now - messages.oldest_at).total_seconds():.0f} s" if messages.oldest_at else ""
    last = f"{messages.last_delivered_at:%Y-%m-%d %H:%M:%SZ}" if messages.last_delivered_at else "none yet"
    lines.append(("messages", f"{messages.waiting} wait to be sent{since}; last delivered: {last}"))
    for subject, text in lines:
        out.print(escape_for_console(f"{subject}: {text}"))
