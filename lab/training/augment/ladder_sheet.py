"""Where the score does not do what it should, shown as pictures: a row a ladder, from untouched to severe."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lab.training.augment.degradation_ladders import LADDERS, spearman
from lab.training.pictures import Pixels, decode_picture

SIDE = 192
JPEG_QUALITY = 80
WHITE = (255, 255, 255)


def draw_ladder_sheet(scores: Mapping[str, NDArray[np.float64]], paths: Sequence[Path]) -> bytes:
    """A JPEG: for each ladder the picture whose score follows strength least, every rung with its score.

    `scores` (pictures, rungs) by ladder, as `climbed` gives them for `paths`.
    """
    rows = [_row(name, rungs, paths) for name, rungs in scores.items()]
    _, packet = cv2.imencode(".jpg", np.concatenate(rows)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return packet.tobytes()


def _row(name: str, scores: NDArray[np.float64], paths: Sequence[Path]) -> Pixels:
    worst = int(spearman(scores).argmax())
    picture = decode_picture(paths[worst])
    worsen, strengths = LADDERS[name]
    rungs = [picture, *(worsen(picture, strength) for strength in strengths)]
    titles = [name, *(f"{strength:g}" for strength in strengths)]
    tiles = zip(rungs, titles, scores[worst], strict=True)
    return np.concatenate([_tile(rung, f"{title}: {score:.0f}") for rung, title, score in tiles], axis=1)


def _tile(picture: Pixels, text: str) -> Pixels:
    """The picture's centre at native size, so that noise and blur are seen as they are, with the text below."""
    top, left = ((length - SIDE) // 2 for length in picture.shape[:2])
    tile = np.pad(picture[top : top + SIDE, left : left + SIDE], ((0, 24), (2, 2), (0, 0)))
    return np.asarray(cv2.putText(tile, text, (6, SIDE + 17), cv2.FONT_HERSHEY_SIMPLEX, 0.5, WHITE, 1, cv2.LINE_AA))
