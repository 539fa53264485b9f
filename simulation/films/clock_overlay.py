"""The clock that a camera burns into its pictures."""

from datetime import datetime

import cv2
import numpy as np
from numpy.typing import NDArray


def burn_clock(picture: NDArray[np.uint8], at: datetime) -> NDArray[np.uint8]:
    """Return (H, W, 3) uint8 with date and time in white on a black rim at the top left, to a tenth of a second."""
    burnt = picture.copy()
    draw_clock(burnt, at)
    return burnt


def draw_clock(picture: NDArray[np.uint8], at: datetime) -> None:
    """Draw the clock into the picture given, colour (H, W, 3) or grey (H, W)."""
    height = picture.shape[0]
    text = f"{at:%d-%m-%Y  %H:%M:%S}.{at.microsecond // 100_000}"
    scale = height / 850
    x, y = round(0.015 * height), round(0.05 * height)
    # A thicker stroke would also be a wider text: the rim is the same text drawn around itself.
    for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        cv2.putText(picture, text, (x + dx, y + dy), cv2.FONT_HERSHEY_SIMPLEX, scale, (0, 0, 0), 1, cv2.LINE_AA)
    cv2.putText(picture, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, (245, 245, 245), 1, cv2.LINE_AA)
