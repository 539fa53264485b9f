"""The demo: cameras made by the product itself, served by a real server, watched by the very system of `sightline run`.

Only its delays are shorter than production's, and it says so. At its end it checks itself: every injected fault
announced once under its right name, the healthy cameras never.
"""

import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from detectors.metric_table import read_every_metric
from domain.alerts import OutboxEntry
from domain.errors import ConfigError
from domain.faults import Fault
from domain.ports import Clock
from domain.records import ModelRecord
from evaluation.policy import Policy
from notification.grouping import GroupingPolicy
from sightline.bootstrap import build_system
from sightline.config.sections import ApiSettings
from sightline.config.settings import CameraSettings, NotifierSettings, Settings
from sightline.demo.display import camera_display, delay_table, message_line, models_line, summary_table
from sightline.demo.outcomes import CameraOutcome, PlantedFault, RecordingNotifier, compare_outcomes
from sightline.models.configured_models import model_records
from sightline.runtime.clock import SystemClock
from sightline.runtime.stop_signals import stop_on_signals
from sightline.runtime.system import System
from simulation.cameras.camera_provider import CameraProvider, provide_cameras
from simulation.cameras.served_cameras import explain_missing_server
from simulation.demo_schedule import DEMO_SCHEDULE, ScheduledCamera, film_length_s, find_faulty
from simulation.film_cache import make_films

DEMO_RAISE_S = 4.0
MIN_DURATION_S = 55.0
"""A demo that ends by itself must last so long: learning, seven faults one after the other, and their alerts."""
GRACE_S = 20.0
REFRESH_S = 0.5
PLAIN_WIDTH = 140
FILM_CACHE = Path("~/.cache/sightline/demo-films")


@dataclass(frozen=True, slots=True)
class DemoRun:
    """A demo that is set up: who plays, on what stage, watched by which system, since when."""

    parts: tuple[ScheduledCamera, ...]
    stage: CameraProvider
    system: System
    ledger: RecordingNotifier
    clock: Clock
    started: datetime
    policy: Policy
    models: tuple[ModelRecord, ...] = ()

    def since_start_s(self) -> float:
        return (self.clock.now() - self.started).total_seconds()

    def results(self, until_s: float) -> tuple[CameraOutcome, ...]:
        """Return how the messages of the first `until_s` compare with the faults injected by then."""
        planted = [
            PlantedFault(part.camera, part.fault, self.started + timedelta(seconds=part.onset_s))
            if part.fault is not None and part.onset_s < until_s
            else PlantedFault(part.camera, None)
            for part in self.parts
        ]
        return compare_outcomes(
            planted, [message for message in self.ledger.messages() if self.after_s(message.entry) <= until_s]
        )

    def after_s(self, entry: OutboxEntry) -> float:
        """Return when the event of a message happened, in seconds after the start."""
        return (entry.created_at - self.started).total_seconds()


def run_demo(
    duration_s: float, console: Console, *, parts: Sequence[ScheduledCamera] = DEMO_SCHEDULE, cache: Path | None = None
) -> int:
    """Run the demo for `duration_s` (0: until Ctrl-C) and return its exit status: 0 where all went as it should.

    `cache` keeps the films for the next time. Raises `ConfigError` for a duration too short to show anything.
    """
    if 0 < duration_s < MIN_DURATION_S:
        raise ConfigError(f"--duration: the demo needs {MIN_DURATION_S:.0f} s at least, or 0 to run until Ctrl-C")
    if not console.is_terminal:
        console = Console(file=console.file, width=PLAIN_WIDTH, highlight=False, soft_wrap=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sightline-demo-")))
        stop = stack.enter_context(stop_on_signals())
        reels = _make_films(parts, duration_s, console, cache or _cache_folder(folder), stop)
        stage = stack.enter_context(provide_cameras(reels, folder))
        play = _set_up(parts, stage, folder)
        stack.enter_context(play.system)
        _print_introduction(play, console)
        _show_until_end(play, duration_s, console, stop)
        # After an early end, faults that there was no time to find do not count.
        seen_s = play.since_start_s() - (GRACE_S if stop.is_set() else 0)
        results = play.results(min(seen_s, film_length_s(duration_s)))
    return _print_summary(results, play.started, console)


def _cache_folder(fallback: Path) -> Path:
    """Return where films are kept between demos, or a passing folder where home cannot be written."""
    try:
        folder = FILM_CACHE.expanduser()
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return fallback / "films"
    return folder


def _make_films(
    parts: Sequence[ScheduledCamera], duration_s: float, console: Console, cache: Path, stop: threading.Event
) -> Mapping[str, Path]:
    """Make the films, or find them in the cache, showing how far they are.

    Raises `KeyboardInterrupt` once `stop` is set: filming takes minutes on a slow machine.
    """
    length_s = film_length_s(duration_s)
    served = explain_missing_server() is None
    wanted = {part.camera: part.film(length_s, served=served) for part in parts}
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    console.print(f"Filming {len(wanted)} cameras, {length_s:.0f} s each, from scikit-image's photographs")
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("drawing and coding H.264", total=sum(film.seconds for film in wanted.values()))

        def advance(seconds: float) -> None:
            if stop.is_set():
                raise KeyboardInterrupt
            progress.advance(task, seconds)

        return make_films(wanted, cache, progress=advance)


def _set_up(parts: Sequence[ScheduledCamera], stage: CameraProvider, folder: Path) -> DemoRun:
    """Build the system of `sightline run` around the simulated cameras, with the demo's delays."""
    clock = SystemClock()
    ledger = RecordingNotifier(clock)
    started = clock.now()
    cameras = tuple(
        CameraSettings(name=part.camera, url=stage.url(part.camera), site=part.site, group=part.group) for part in parts
    )
    settings = Settings(
        database=f"sqlite:///{folder / 'demo.db'}",
        cameras=cameras,
        api=ApiSettings(port=0),
        notifiers=NotifierSettings(log=False),
    )
    policy = replace(Policy.short(raise_s=DEMO_RAISE_S), metrics=read_every_metric())
    system = build_system(
        settings, policy=policy, grouping=GroupingPolicy.short(raise_s=DEMO_RAISE_S), notifiers=[ledger], clock=clock
    )
    return DemoRun(tuple(parts), stage, system, ledger, clock, started, policy, model_records(settings))


def _print_introduction(play: DemoRun, console: Console) -> None:
    faults = [part.fault for part in find_faulty(play.parts) if part.fault is not None]
    console.print(f"Cameras: {play.stage.description}")
    console.print(f"Models that judge, {models_line(play.models)}")
    console.print(delay_table(faults, play.policy))
    console.print(f"The page: [bold]{play.system.address}[/]   (Ctrl-C ends)")


def _show_until_end(play: DemoRun, duration_s: float, console: Console, stop: threading.Event) -> None:
    """Play the schedule and show what is seen until time is up or the user stops it."""
    cues = _signal_changes(play.parts, film_length_s(duration_s))
    cue = next(cues, None)
    shown = 0
    names = [part.camera for part in play.parts]
    with camera_display(play.system, names, play.started, play.clock, console) as show:
        while not stop.is_set() and not (duration_s and _is_over(play, duration_s)):
            while cue is not None and cue.at_s <= play.since_start_s():
                cue.act(play.stage)
                cue = next(cues, None)
            shown = _print_messages(play, shown, console)
            show()
            stop.wait(REFRESH_S)
        _print_messages(play, shown, console)


def _print_messages(play: DemoRun, shown: int, console: Console) -> int:
    """Print the messages after the first `shown`; return how many there are now."""
    messages = play.ledger.messages()
    for message in messages[shown:]:
        console.print(message_line(message.entry, (message.at - play.started).total_seconds()))
    return len(messages)


def _is_over(play: DemoRun, duration_s: float) -> bool:
    """Return whether time is up; a machine too busy to send everything in time gets `GRACE_S` more."""
    late_s = play.since_start_s() - duration_s
    return late_s >= GRACE_S or (
        late_s >= 0 and all(result.alerts or not result.planted.fault for result in play.results(duration_s))
    )


@dataclass(frozen=True, slots=True)
class _SignalChange:
    """When a camera is taken away or brought back."""

    at_s: float
    camera: str
    back: bool

    def act(self, stage: CameraProvider) -> None:
        if self.back:
            stage.restore(self.camera)
        else:
            stage.pull(self.camera)


def _signal_changes(parts: Sequence[ScheduledCamera], cycle_s: float) -> Iterator[_SignalChange]:
    """Yield every cue in order, those of one cycle of the films again in each that follows."""
    lost = [part for part in parts if part.fault is Fault.SIGNAL_LOSS]
    away = [_SignalChange(part.onset_s, part.camera, back=False) for part in lost]
    back = [_SignalChange(part.ends_s, part.camera, back=True) for part in lost if part.ends_s is not None]
    once = sorted([*away, *back], key=lambda cue: cue.at_s)
    for cycle in count():
        if not once:
            return
        yield from (replace(cue, at_s=cue.at_s + cycle * cycle_s) for cue in once)


def _print_summary(results: Sequence[CameraOutcome], started: datetime, console: Console) -> int:
    console.print(summary_table(results, started))
    if not any(result.planted.fault for result in results):
        console.print("It ended before a fault could be found.")
        return 0
    wrong = [result for result in results if result.wrong]
    for result in wrong:
        console.print(f"[bold red]{result.planted.camera}: {result.wrong}[/]")
    if not wrong:
        console.print(
            "[green]Every planted fault was announced once under its right name; the healthy cameras raised none.[/]"
        )
    return 1 if wrong else 0
