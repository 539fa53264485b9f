"""What MTCNN says of one picture."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, slots=True)
class Faces:
    """The faces of one picture, best first; F may be 0.

    `boxes` (F, 4) float32, left, top, right, bottom in pixels of the picture, and may reach a little beyond it;
    `scores` (F,) in [0, 1]; `points` (F, 5, 2) x and y in pixels: the two eyes, the nose, the two corners of the
    mouth, left to right as seen in the picture.
    """

    boxes: Tensor
    scores: Tensor
    points: Tensor

    def __len__(self) -> int:
        return int(self.boxes.shape[0])

    def kept(self, chosen: Tensor) -> "Faces":
        """The faces that `chosen`, (F,) bool or indices, names."""
        return Faces(self.boxes[chosen], self.scores[chosen], self.points[chosen])
