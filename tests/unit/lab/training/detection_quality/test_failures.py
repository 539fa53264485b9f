import cv2
import numpy as np

from lab.training.detection_quality.failures import TEXT_HEIGHT, WIDTH, Miss, draw_sheet


def miss(kind: str, level: int, excess: float) -> Miss:
    return Miss(np.full((100, 2 * WIDTH, 3), level, np.uint8), kind, "", excess)


def test_the_sheet_shows_the_worst_of_each_kind_above_and_below() -> None:
    misses = [
        miss("fog", 30, 5.0),
        miss("fog", 90, 40.0),
        miss("blur", 150, 20.0),
        miss("jpeg", 210, -50.0),
        miss("fog", 250, -10.0),
    ]
    shown = cv2.imdecode(np.frombuffer(draw_sheet(misses, each_way=2), np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    tile_height, tile_width = 50 + TEXT_HEIGHT, WIDTH + 4
    assert shown.shape == (2 * tile_height, 2 * tile_width, 3)
    corners = [shown[row * tile_height + 20, column * tile_width + 100, 0] for row in (0, 1) for column in (0, 1)]
    assert np.abs(np.array(corners, int) - [90, 150, 210, 250]).max() < 6
