"""`sightline routes`: who gets a message about a camera, by the function that delivery uses."""

from datetime import datetime
from typing import Annotated

import typer

from domain.alerts import Incident, IncidentState
from domain.cameras import Camera
from domain.errors import ConfigError
from domain.faults import FAULT_LABELS, Fault
from evaluation.rules.fault_rules import RULES
from notification.quiet import QuietTimes
from notification.routing import Explanation, facts_of
from sightline.cli.console import say, without_traceback, write_json
from sightline.cli.options import JsonOption, SettingsOption, load_command_settings
from sightline.config.alert_routing import make_routing
from sightline.runtime.clock import SystemClock
from sightline.runtime.stores import command_stores

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Explain who gets which message.")

_MOMENT = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M%z"]


@app.callback()
def routes() -> None:
    """Explain who gets which message."""


@app.command()
@without_traceback
def explain(
    camera: Annotated[str, typer.Argument(help="The camera's name.")],
    fault: Annotated[str, typer.Argument(help="The fault's key, such as signal_loss.")],
    at: Annotated[
        datetime | None, typer.Argument(metavar="[TIME]", formats=_MOMENT, help="When, in site time; now without it.")
    ] = None,
    settings: SettingsOption = None,
    json_lines: JsonOption = False,
) -> None:
    """Say who gets the first message about a fault of a camera at a time, and why nobody else does."""
    chosen = load_command_settings(settings)
    routing = make_routing(chosen)
    if fault not in list(Fault):
        raise ConfigError(f"FAULT: there is no fault '{fault}'; `sightline settings schema` lists all")
    clock = SystemClock()
    with command_stores(chosen, clock) as stores:
        known = stores.streams.camera(camera) or _camera_of_file(chosen.domain_cameras(), camera)
        if known is None:
            raise ConfigError(f"CAMERA: there is no camera '{camera}'; see: sightline cameras list")
        moment = at or clock.now()
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=routing.zone_of(known.site))
        incident = _incident(known, Fault(fault), moment)
        windows = [window for window in stores.quiet.windows_between(moment, moment.replace(microsecond=999_999))]
        quiet = QuietTimes(tuple(windows), tuple(stores.quiet.snoozes(moment)))
        waits = quiet.reason(incident, {known.name: known}, moment)
    explanation = routing.explain(facts_of(incident, [known]), moment)
    if json_lines:
        write_json(_as_json(explanation, waits))
        return
    _show(explanation, waits)


def _camera_of_file(cameras: tuple[Camera, ...], name: str) -> Camera | None:
    return next((camera for camera in cameras if camera.name == name), None)


def _incident(camera: Camera, fault: Fault, at: datetime) -> Incident:
    return Incident(
        "explained", camera.name, fault, IncidentState.OPEN, at, at,
        site=camera.site, group=camera.group, severity=RULES[fault].alert.severity, summary=FAULT_LABELS[fault],
    )  # fmt: skip


def _show(explanation: Explanation, waits: str) -> None:
    for match in explanation.matches:
        to = ", ".join(match.route.receivers) or "nobody"
        decision = f"does not match: {match.mismatch_reason}" if match.mismatch_reason else f"matches, to {to}"
        say(f"{match.route.name}: {decision}")
    if explanation.by_default:
        say("no route matches: the default receivers get it")
    if waits:
        say(f"the message waits: {waits}")
    say(f"receivers: {', '.join(explanation.receivers) or 'none'}")


def _as_json(explanation: Explanation, waits: str) -> dict[str, object]:
    return {
        "receivers": list(explanation.receivers),
        "by_default": explanation.by_default,
        "waits": waits,
        "routes": [
            {"name": match.route.name, "matches": not match.mismatch_reason, "why_not": match.mismatch_reason}
            for match in explanation.matches
        ],
    }
