"""Which frames of one batch are scored together: same size and format, within bounds. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.frames import Frame, FrameFormat

PIXELS_ON_CPU = 1920 * 1080
"""A larger batch leaves a processor's cache: eight frames of 1080p took 1.8 times the CPU of one at a time, each."""
PIXELS_ON_GPU = 16 * 1920 * 1080


@dataclass(frozen=True, slots=True)
class TensorBatchLimits:
    """The most one batch may hold; a single frame beyond `max_pixels` still makes a batch of its own."""

    max_frames: int = 16
    max_pixels: int = PIXELS_ON_CPU

    @classmethod
    def for_device(cls, device: str, max_frames: int = 16, max_pixels: int | None = None) -> "TensorBatchLimits":
        """Return the bounds for a kind of device (torch's word for it); `max_pixels` None: what suits it."""
        suitable = PIXELS_ON_CPU if device == "cpu" else PIXELS_ON_GPU
        return cls(max_frames, suitable if max_pixels is None else max_pixels)


def form_tensor_batches(
    frames: Sequence[Frame], bounds: TensorBatchLimits, masked: Sequence[bool] = ()
) -> tuple[tuple[int, ...], ...]:
    """Return groups of indices into `frames`: one format each, masked and unmasked apart, in order of arrival.

    Every index appears exactly once, and within a group indices rise, so a stream's own order is kept.
    """
    groups: dict[tuple[FrameFormat, bool], list[int]] = {}
    for index, frame in enumerate(frames):
        groups.setdefault((frame.format, bool(masked) and masked[index]), []).append(index)
    cut: list[tuple[int, ...]] = []
    for (form, _), members in groups.items():
        size = tensor_batch_size(form, bounds)
        cut.extend(tuple(members[start : start + size]) for start in range(0, len(members), size))
    return tuple(cut)


def tensor_batch_size(form: FrameFormat, bounds: TensorBatchLimits) -> int:
    """Return how many frames of this format fit into one batch, at least 1."""
    return max(1, min(bounds.max_frames, bounds.max_pixels // max(1, form.width * form.height)))
