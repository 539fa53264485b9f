"""`sightline watch`: the live verdict of one stream."""

from typing import Annotated

import typer

from domain.cameras import Camera, RtspTransport
from sightline.cli.console import read_address, redactor, without_traceback
from sightline.cli.options import DeviceOption, JsonOption, SettingsOption, load_command_settings
from sightline.config.settings import Settings
from sightline.runtime.logging_setup import set_up_logging
from sightline.standalone.inputs import stream_address

ForOption = Annotated[float, typer.Option("--for", min=0, help="Seconds to watch; 0 watches until Ctrl-C.")]


@without_traceback
def watch(
    url: Annotated[str, typer.Argument(help="The stream's address, or a file; `-` reads it from standard input.")],
    *,
    for_s: ForOption = 0.0,
    transport: Annotated[RtspTransport, typer.Option(help="How RTSP carries pictures.")] = RtspTransport.TCP,
    json_lines: JsonOption = False,
    device: DeviceOption = None,
    settings: SettingsOption = None,
) -> None:
    """Judge one stream now and say how many checks could be made; nothing is stored."""
    set_up_logging("error", redactor=redactor)
    camera = Camera(name="stream", url=stream_address(read_address(url), where="URL"), transport=transport)
    chosen = load_command_settings(settings)
    raise typer.Exit(watch_camera(camera, chosen, device=device, for_s=for_s, json_lines=json_lines))


def watch_camera(camera: Camera, settings: Settings, *, device: str | None, for_s: float, json_lines: bool) -> int:
    """Watch until stopped; return 0 when at least one frame was evaluated, else 1."""
    from sightline.cli.watch_output import show_watch  # noqa: PLC0415 - loads torch, which takes seconds

    return show_watch(camera, settings, device=device, for_s=for_s, json_lines=json_lines)
