"""The faults the recipe makes, and what one picture says about each: there, not there, or too slight to say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from detectors.models.picture_faults.kinds import KINDS

UNSURE = -1.0
_LENS = frozenset({"defocus", "motion_blur", "condensation", "drops", "dirt", "fog"})
HIDES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        **dict.fromkeys(("torn", "too_dark", "covered", "slate"), frozenset(KINDS)),
        "compression": _LENS | {"noise", "covered_part", "colour_cast", "purple"},
        "burnt_out": _LENS | {"noise", "colour_cast", "purple"},
    }
)
"""What nobody can make out any more where the kind is plain."""


@dataclass
class Truth:
    """What is wrong with one picture, by kind: 1.0 there, 0.0 not there, -1.0 too slight (or hidden) to say."""

    targets: dict[str, float] = field(default_factory=dict)

    def record(self, kind: str, amount: float, slight: float, plain: float) -> None:
        """Record `amount` of a fault that a person overlooks up to `slight` and calls plain from `plain` on.

        `plain` below `slight` means that less is worse. An earlier, plainer record stays.
        """
        worse = plain > slight
        if amount >= plain if worse else amount <= plain:
            target = 1.0
        elif amount > slight if worse else amount < slight:
            target = UNSURE
        else:
            target = 0.0
        before = self.targets.get(kind, 0.0)
        if before != 1.0 and target != 0.0:
            self.targets[kind] = target

    def hide(self, *kinds: str) -> None:
        """Nobody can say whether these are there as well, unless they are recorded as plain."""
        for kind in kinds:
            if self.targets.get(kind, 0.0) != 1.0:
                self.targets[kind] = UNSURE

    def hide_all_but(self, *kinds: str) -> None:
        self.hide(*(kind for kind in KINDS if kind not in kinds))

    def clear(self, *kinds: str) -> None:
        for kind in kinds:
            self.targets.pop(kind, None)

    def settle(self) -> None:
        """Let plain faults that leave nothing to see hide all others, those recorded as plain too."""
        for kind, hidden in HIDES.items():
            if self.targets.get(kind) == 1.0:
                self.targets.update(dict.fromkeys(hidden - {kind}, UNSURE))

    def row(self) -> NDArray[np.float32]:
        """(kinds,) in the order of `KINDS`."""
        return np.array([self.targets.get(kind, 0.0) for kind in KINDS], np.float32)
