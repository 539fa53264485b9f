"""Every number of the tensor code for one frame and its change from another."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from domain.cameras import Mask
from domain.frames import Frame
from tests.oracles.detectors.analogue import AnalogueDetector
from tests.oracles.detectors.blur import BlurDetector
from tests.oracles.detectors.coding import CodingDetector
from tests.oracles.detectors.colour import ColourDetector
from tests.oracles.detectors.contrast import ContrastDetector
from tests.oracles.detectors.exposure import ExposureDetector
from tests.oracles.detectors.motion import MotionDetector
from tests.oracles.detectors.noise import NoiseDetector
from tests.oracles.detectors.texture import TextureDetector
from tests.oracles.functional.edge_directions import block_structure
from workers.frame_scoring.preprocessing import upload_pictures

SINGLE = (
    *(ExposureDetector(), ContrastDetector(), BlurDetector(), NoiseDetector()),
    *(AnalogueDetector(), ColourDetector(), CodingDetector(), TextureDetector()),
)


@dataclass(frozen=True, slots=True)
class OracleNumbers:
    """The numbers by metric key, NaN where one cannot be measured, and the block structure (rows, columns, 10)."""

    values: dict[str, float]
    structure: NDArray[np.float32]


@torch.inference_mode()
def measure_by_oracle(frame: Frame, before: Frame, masks: tuple[Mask, ...] = ()) -> OracleNumbers:
    """Return what the tensor code says of a frame and of its change from `before`."""
    given = [masks] if masks else ()
    now, earlier = (upload_pictures([each], torch.device("cpu"), given) for each in (frame, before))
    motion = MotionDetector()
    columns: dict[str, torch.Tensor] = {}
    for detector in SINGLE:
        columns.update(detector.score(now))
    columns.update(motion.score(motion.remember(now), motion.remember(earlier)))
    values = {key: float(column[0]) for key, column in columns.items()}
    return OracleNumbers(values, block_structure(now.small_luma, now.small_visible)[0].numpy())
