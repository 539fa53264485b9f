"""The sheet shows, for each ladder, the picture whose score follows strength least."""

from pathlib import Path

import cv2
import numpy as np

from lab.training.augment.degradation_ladders import LADDERS
from lab.training.augment.ladder_sheet import SIDE, draw_ladder_sheet


def test_the_worst_picture_of_each_ladder_is_shown_rung_by_rung(tmp_path: Path) -> None:
    paths = [tmp_path / "red.png", tmp_path / "green.png"]
    for path, colour in zip(paths, ((0, 0, 255), (0, 255, 0)), strict=True):
        cv2.imwrite(str(path), np.full((240, 260, 3), colour, np.uint8))
    falling, rising = [5.0, 4.0, 3.0, 2.0, 1.0], [1.0, 2.0, 3.0, 4.0, 5.0]
    packet = draw_ladder_sheet(dict.fromkeys(LADDERS, np.array([falling, rising])), paths)
    sheet = cv2.imdecode(np.frombuffer(packet, np.uint8), cv2.IMREAD_COLOR)
    assert sheet is not None
    assert sheet.shape[:2] == (len(LADDERS) * (SIDE + 24), 5 * (SIDE + 4))
    untouched = sheet[10 : SIDE - 10, 10 : SIDE - 10].reshape(-1, 3).mean(axis=0)
    assert untouched[1] > 200
    assert untouched[2] < 50
