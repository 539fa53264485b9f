"""Films made once and kept for the demo's next start. The folder's name is a hash of the code that made them."""

import hashlib
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import cv2

from simulation.films.film import Film, write_film

THREADS = 2
"""Drawing and coding leave the interpreter free for each other; more threads than this wait for each other."""


def make_films(
    wanted: Mapping[str, Film], folder: Path, *, progress: Callable[[float], None] = lambda _seconds: None
) -> Mapping[str, Path]:
    """Return each film's file, made where it is not there yet; `progress` hears of every second of film.

    `folder` keeps the films of one version of the simulation; those of others are deleted.
    """
    folder.mkdir(parents=True, exist_ok=True)
    own = folder / _fingerprint()
    for other in folder.iterdir():
        if other != own:
            shutil.rmtree(other, ignore_errors=True)
    own.mkdir(exist_ok=True)

    def make_film(name: str) -> Path:
        film = wanted[name]
        path = own / f"{name}-{hashlib.sha256(repr((film.takes, film.clock, film.seed)).encode()).hexdigest()[:12]}.mp4"
        if path.exists():
            progress(film.seconds)
            return path
        return write_film(film, path, progress=_count_steps(progress))

    # The noisiest take longest to code: by night first, so that no thread ends alone.
    order = sorted(wanted, key=lambda name: not wanted[name].scene.night)
    with ThreadPoolExecutor(THREADS, thread_name_prefix="film") as threads:
        return dict(zip(order, threads.map(make_film, order), strict=True))


def _count_steps(progress: Callable[[float], None]) -> Callable[[float], None]:
    """Turn "so many seconds are written" into "one more second is"."""
    return lambda _written_s: progress(1.0)


def _fingerprint() -> str:
    """Return a name for what makes the films: this package's code, the encoder, the drawing library."""
    code = hashlib.sha256()
    for source in sorted(Path(__file__).parent.rglob("*.py")):
        code.update(source.read_bytes())
    code.update(repr((av.__version__, av.library_versions, cv2.__version__)).encode())
    return code.hexdigest()[:16]
