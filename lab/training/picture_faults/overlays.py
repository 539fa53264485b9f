"""What recorders draw: clock and name on healthy pictures, and slates in place of a camera."""

import cv2
import numpy as np

from lab.training.picture_faults.light import Pixels

FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_PLAIN, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX_SMALL,
)  # fmt: skip
BARS = ((255, 255, 255), (255, 255, 0), (0, 255, 255), (0, 255, 0), (255, 0, 255), (255, 0, 0), (0, 0, 255))
NAMES = ("CAM 1", "Camera 04", "M4 J12 North", "GATE", "Loading bay", "A27 East", "IPC", "Lobby", "CH03")
LOST = ("NO SIGNAL", "VIDEO LOSS", "No video", "OFFLINE", "Signal lost", "Not connected", "NO VIDEO", "Unavailable")


def burn_in(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Name, date and clock in a corner or two, with or without a strip behind."""
    drawn = picture.copy()
    height, width = drawn.shape[:2]
    for _ in range(int(rng.integers(1, 3))):
        text = str(rng.choice(NAMES)) if rng.random() < 0.4 else _clock(rng)
        scale = max(0.3, width / 352 * rng.uniform(0.28, 0.6))
        font, thick = FONTS[int(rng.integers(len(FONTS)))], max(1, round(scale * rng.uniform(0.8, 1.6)))
        (wide, tall), base = cv2.getTextSize(text, font, scale, thick)
        x = int(rng.choice([4, max(4, width - wide - 4)]))
        y = int(rng.choice([tall + 4, height - base - 3]))
        colour = (255, 255, 255) if rng.random() < 0.75 else tuple(int(c) for c in rng.integers(0, 256, 3))
        if rng.random() < 0.35:
            left, right = (0, width) if rng.random() < 0.5 else (x - 2, x + wide + 2)
            cv2.rectangle(drawn, (left, y - tall - 3), (right, y + base + 1), (0, 0, 0), -1)
        elif rng.random() < 0.5:
            cv2.putText(drawn, text, (x + 1, y + 1), font, scale, (0, 0, 0), thick, cv2.LINE_AA)
        cv2.putText(drawn, text, (x, y), font, scale, colour, thick, cv2.LINE_AA)
    return drawn


def slate(shape: tuple[int, int], rng: np.random.Generator) -> Pixels:
    """Flat colour, bars, a gradient or a black picture, mostly with words in it."""
    height, width = shape
    kind = rng.choice(["flat", "bars", "gradient", "black"], p=[0.45, 0.2, 0.15, 0.2])
    picture = np.zeros((height, width, 3), np.uint8)
    if kind == "flat":
        picture[:] = rng.integers(0, 256, 3) if rng.random() < 0.6 else (0, 0, int(rng.integers(120, 256)))
    elif kind == "bars":
        colours = np.array(BARS)
        level = rng.choice([0.75, 1.0])
        picture[:] = (colours[np.arange(width) * 7 // width] * level)[None].astype(np.uint8)
        if rng.random() < 0.4:
            picture[int(0.7 * height) :] = (np.linspace(0, 255, width)[None, :, None]).astype(np.uint8)
    elif kind == "gradient":
        ends = rng.integers(0, 256, (2, 3))
        share = np.linspace(0, 1, height)[:, None, None]
        picture[:] = (ends[0] * (1 - share) + ends[1] * share).astype(np.uint8)
    if kind == "black" or rng.random() < 0.75:
        text, font = str(rng.choice(LOST)), FONTS[int(rng.integers(len(FONTS)))]
        scale = width / 352 * rng.uniform(0.5, 1.4)
        (wide, tall), _ = cv2.getTextSize(text, font, scale, 2)
        at = ((width - wide) // 2, (height + tall) // 2 + int(rng.uniform(-0.2, 0.2) * height))
        cv2.putText(picture, text, at, font, scale, tuple(int(c) for c in rng.integers(100, 256, 3)), 2, cv2.LINE_AA)
        if rng.random() < 0.3:
            cv2.rectangle(picture, (at[0] - 9, at[1] - tall - 9), (at[0] + wide + 9, at[1] + 12), (255, 255, 255), 2)
    return picture


def _clock(rng: np.random.Generator) -> str:
    year, month, day = int(rng.integers(2005, 2026)), int(rng.integers(1, 13)), int(rng.integers(1, 29))
    hour, minute, second = int(rng.integers(24)), int(rng.integers(60)), int(rng.integers(60))
    date = f"{year}-{month:02}-{day:02}" if rng.random() < 0.5 else f"{day:02}/{month:02}/{year}"
    return f"{date} {hour:02}:{minute:02}:{second:02}"
