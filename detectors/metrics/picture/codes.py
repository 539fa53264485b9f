"""What integer codes of a decoded picture mean."""

from dataclasses import dataclass

FIXED_POINT = 128
"""Steps to an 8-bit code in which the reduced picture is kept: a still picture's changes are hundredths of a level."""


@dataclass(frozen=True, slots=True)
class CodeRange:
    """What integer codes mean (ITU-T H.273): luma (code - black) / span, colour (code - neutral) / colour_span."""

    bits: int
    black: int
    span: int
    neutral: int
    colour_span: int

    @property
    def highest(self) -> int:
        return int((1 << self.bits) - 1)

    @property
    def levels(self) -> float:
        """Levels of 255 that one code is worth."""
        return 255 / self.span

    def code(self, share: float) -> float:
        """Return the luma code of a share of white."""
        return self.black + share * self.span

    def share(self, code: float) -> float:
        """Return the share of white of a luma code, in [0, 1]."""
        return min(1.0, max(0.0, (code - self.black) / self.span))


def code_range(bits: int, full: bool) -> CodeRange:
    """Return the range of `bits` a sample, full or limited."""
    step = 1 << (bits - 8)
    neutral = 128 * step
    if full:
        highest = 256 * step - 1
        return CodeRange(bits, 0, highest, neutral, highest)
    return CodeRange(bits, 16 * step, 219 * step, neutral, 224 * step)
