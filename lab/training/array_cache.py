"""What every epoch needs again, computed once: arrays on disk, one row a picture."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike, NDArray
from rich.console import Console
from rich.progress import track

from domain.errors import ConfigError

Array = NDArray[np.generic]
COUNTED_EVERY = 50


def load_or_compute(
    path: Path,
    files: Sequence[Path],
    shape: tuple[int, ...],
    dtype: DTypeLike,
    computed: Callable[[Path], Array],
) -> Array:
    """(len(files), *shape) read from `path`, made there on first use by `computed`, row after row.

    An interrupted making goes on where it was. The names of the files are kept beside it, so that rows cannot be
    taken for other pictures'. Raises ConfigError where the file was made from others.
    """
    names = "\n".join(str(file) for file in files)
    listed = path.with_suffix(".txt")
    whole = (len(files), *shape)
    if path.is_file():
        array: Array = np.load(path, mmap_mode="r")
        if array.shape != whole or not listed.is_file() or listed.read_text(encoding="utf-8") != names:
            raise ConfigError(f"{path} was made from other pictures: choose another folder, or delete it")
        return array
    path.parent.mkdir(parents=True, exist_ok=True)
    partial, counted = path.with_suffix(".part"), path.with_suffix(".rows")
    begun = counted.is_file() and listed.is_file() and listed.read_text(encoding="utf-8") == names
    rows = int(counted.read_text(encoding="utf-8")) if begun else 0
    listed.write_text(names, encoding="utf-8")
    array = np.lib.format.open_memmap(partial, mode="r+" if rows else "w+", dtype=dtype, shape=whole)
    console = Console(stderr=True)
    shown = track(files, f"preparing {path.stem}", console=console, disable=not console.is_terminal, transient=True)
    for row, file in enumerate(shown):
        if row < rows:
            continue
        array[row] = computed(file)
        if (row + 1) % COUNTED_EVERY == 0:
            array.flush()
            counted.write_text(str(row + 1), encoding="utf-8")
    array.flush()
    partial.replace(path)
    counted.unlink(missing_ok=True)
    reopened: Array = np.load(path, mmap_mode="r")
    return reopened
