"""The kinds of picture fault, in the order of the network's answers."""

from collections.abc import Mapping
from types import MappingProxyType

KINDS: tuple[str, ...] = (
    "defocus",
    "motion_blur",
    "condensation",
    "drops",
    "dirt",
    "fog",
    "burnt_out",
    "too_dark",
    "purple",
    "colour_cast",
    "noise",
    "compression",
    "torn",
    "covered_part",
    "covered",
    "slate",
)

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "defocus": "out of focus",
        "motion_blur": "smeared by motion",
        "condensation": "condensation or a wet dome",
        "drops": "drops on the lens",
        "dirt": "dirt or a web on the lens",
        "fog": "fog, haze or a film over the lens",
        "burnt_out": "burnt out",
        "too_dark": "too dark",
        "purple": "purple: infrared light reaches the sensor by day",
        "colour_cast": "colours lean to one side",
        "noise": "noise",
        "compression": "compression too strong",
        "torn": "torn by lost packets",
        "covered_part": "covered in part",
        "covered": "covered",
        "slate": "a slate in place of the camera",
    }
)
"""Each kind as an operator reads it."""
