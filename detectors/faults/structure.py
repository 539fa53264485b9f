"""The view's block statistics, compared in `alerts/structure.py` with what the camera has learned."""

from torch import Tensor

from detectors.base import Pictures


class Structure:
    """Luma, gradient energy and orientations of up to 18x32 blocks; see `detectors/functional/structure.py`."""

    name = "structure"
    fingerprint = "structure-1"

    def describe(self, pictures: Pictures) -> Tensor:
        """Return (N, rows, columns, 10) float32 of the small picture, NaN where a block meets a mask."""
        return pictures.structure
