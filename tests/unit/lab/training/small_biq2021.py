"""A small data set of BIQ2021's form: real photographs, blurred by steps, the sharper the better liked."""

from pathlib import Path

import cv2
import numpy as np
from skimage import data

from lab.training.datasets.photographs.biq2021 import BLOCK, TEST_CSV, TRAIN_CSV

PHOTOGRAPHS = ("astronaut", "coffee", "chelsea", "rocket")
SIDE = 160
BLURS = (0.0, 1.0, 2.0, 4.0, 8.0)


def small_biq2021(root: Path) -> Path:
    """Write the folder and return it: each photograph a scene of its own, its five blurs 0.9 down to 0.1."""
    (root / "Images").mkdir(parents=True)
    rows = []
    for scene, name in enumerate(PHOTOGRAPHS):
        picture = np.asarray(getattr(data, name)(), np.uint8)[:SIDE, :SIDE, ::-1]
        for step, blur in enumerate(BLURS):
            file = f"ss01 ({BLOCK * scene + step + 1}).jpg"
            blurred = cv2.GaussianBlur(picture, (0, 0), blur) if blur else picture
            cv2.imwrite(str(root / "Images" / file), blurred)
            rows.append(f"{file},{0.9 - 0.2 * step:.1f}")
    tested = len(BLURS)
    (root / TRAIN_CSV).write_text("\n".join(["Image Name,MOS", *rows[tested:]]), encoding="utf-8")
    (root / TEST_CSV).write_text("\n".join(["Image Name,MOS", *rows[:tested]]), encoding="utf-8")
    return root
