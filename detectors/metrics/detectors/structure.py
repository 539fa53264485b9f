"""The view's block statistics, compared in `evaluation/scene/structure_comparison.py` with what the camera has
learned.
"""

from torch import Tensor

from detectors.models.pictures import Pictures


class BlockStructureDetector:
    """Luma, gradient energy and orientations of up to 18x32 blocks; see `detectors/metrics/functional/structure.py`."""

    name = "structure"
    fingerprint = "structure-1"

    def describe(self, pictures: Pictures) -> Tensor:
        """Return (N, rows, columns, 10) float32 of the small picture, NaN where a block meets a mask."""
        return pictures.structure
