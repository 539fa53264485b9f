"""What the model card shows: the calibration curve, and the pictures on which the network is furthest off."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from detectors.models.picture_faults.kinds import KINDS
from lab.training.picture_faults.light import Pixels
from lab.training.picture_faults.material import Shard

CURVE, MISSES = "picture-faults-curve.png", "picture-faults-failures.jpg"
EACH_WAY = 6
TILE = (288, 216)
TEXT_HEIGHT = 22
JPEG_QUALITY = 70


def draw_curve(rows: Sequence[tuple[float, float, int]], folder: Path) -> None:
    """Write how often what is said with a probability is true; rows of `calibration.reliability`."""
    with mpl.rc_context({"font.size": 9}):
        figure = Figure(figsize=(4, 4), layout="constrained")
        FigureCanvasAgg(figure)
        panel = figure.subplots()
        panel.plot([0, 1], [0, 1], color="tab:gray", linewidth=1)
        panel.plot([row[0] for row in rows], [row[1] for row in rows], marker="o", color="tab:blue")
        for said, true, count in rows:
            panel.annotate(str(count), (said, true), textcoords="offset points", xytext=(4, -10), fontsize=7)
        panel.set_xlabel("probability said")
        panel.set_ylabel("share that was true")
        panel.set_title("picture faults, all kinds, pictures held out")
        figure.savefig(folder / CURVE, format="png", dpi=110)


def draw_misses(shards: Sequence[Shard], found: NDArray[np.float64], folder: Path) -> None:
    """Write the faults most surely missed above, the healthy pictures most surely called below."""
    pictures = [picture for shard in shards for picture in shard.pictures]
    targets = np.concatenate([shard.targets[:, : len(KINDS)] for shard in shards])
    missed = np.where(targets == 1, 1 - found, -1.0)
    healthy = (targets == 0).all(axis=1)
    called = np.where(healthy[:, None], found, -1.0)
    rows = []
    for excess, text in ((missed, "missed"), (called, "healthy, called")):
        worst = np.argsort(-excess.max(axis=1))[:EACH_WAY]
        kinds = excess.argmax(axis=1)
        tiles = [
            _tile(pictures[index], f"{text} {KINDS[kinds[index]]} {found[index, kinds[index]]:.2f}") for index in worst
        ]
        half = EACH_WAY // 2
        rows += [np.hstack(tiles[:half]), np.hstack(tiles[half:])]
    sheet = cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(folder / MISSES), sheet, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])


def _tile(picture: Pixels, text: str) -> Pixels:
    tile = np.full((TILE[1] + TEXT_HEIGHT, TILE[0], 3), 255, np.uint8)
    tile[: TILE[1]] = cv2.resize(np.asarray(picture), TILE, interpolation=cv2.INTER_AREA)
    cv2.putText(tile, text, (4, TILE[1] + 15), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (0, 0, 0), 1, cv2.LINE_AA)
    return tile
