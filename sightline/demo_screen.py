"""Shows the demo's cameras as they are now: a live table on a terminal, now and then a line elsewhere."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.live import Live
from rich.table import Table

from domain.ports import Clock
from sightline.demo_board import camera_table, learned_line, state_of
from sightline.system import System

PLAIN_LINE_EVERY_S = 10.0


@contextmanager
def screen(
    system: System, cameras: Sequence[str], started: datetime, clock: Clock, console: Console
) -> Iterator[Callable[[], None]]:
    """Give what shows the cameras; call it as often as you like."""
    if not console.is_terminal:
        yield _plain(system, cameras, started, clock, console)
        return

    def table() -> Table:
        now = clock.now()
        title = f"{len(cameras)} cameras after {(now - started).total_seconds():.0f} s   {system.address}"
        return camera_table(system.live.all(), cameras, now, title)

    with Live(table(), console=console, auto_refresh=False) as live:
        yield lambda: live.update(table(), refresh=True)


def _plain(
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
        states = [state_of(snapshots.get(name))[0] for name in cameras]
        counted = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
        learned = learned_line(snapshots)
        console.print(f"{since_s:5.1f} s  {counted}{'; ' if learned else ''}{learned}")

    return show
