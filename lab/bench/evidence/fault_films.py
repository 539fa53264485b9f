"""Films of a clip that is healthy, and then has one fault: painted into the pictures, or made by the encoder."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from domain.cameras import Camera, SamplingMode, SamplingPlan
from domain.faults import Fault
from lab.bench.evidence.clips import ClipFile, sample_frames
from simulation.fault_injection import FAULT_INJECTORS, FaultMoment, Strength
from simulation.films.film_writer import FilmWriter

HEALTHY_CRF = 23
STARVED_CRF = {Strength.MILD: 34, Strength.MEDIUM: 40, Strength.SEVERE: 46}
DENSE_FPS = 5
ENCODER_FPS = 6
"""Frames a second of films whose fault lies between key frames: a freeze, a starved encoder."""

_ENCODED = frozenset({Fault.FREEZE, Fault.BITRATE_STARVED})
_SECONDS = {Fault.FREEZE: (5, 10), Fault.BITRATE_STARVED: (14, 14)}
"""(healthy, faulty) where others take `_USUAL_S`: a window of 5 s, and a bitrate counted over 10 s."""
_USUAL_S = (5, 6)


@dataclass(frozen=True, slots=True)
class FaultFilm:
    """One run: a clip, healthy for `warm_up_s` seconds, then with a fault for `fault_s`."""

    clip: ClipFile
    fault: Fault
    strength: Strength

    @property
    def warm_up_s(self) -> int:
        return _SECONDS.get(self.fault, _USUAL_S)[0]

    @property
    def fault_s(self) -> int:
        return _SECONDS.get(self.fault, _USUAL_S)[1]

    @property
    def fps(self) -> int:
        """Frames a second of the film: one, as a sampled camera's, unless what happens in between counts."""
        if self.fault is Fault.SHAKE:
            return DENSE_FPS
        return ENCODER_FPS if self.fault in _ENCODED else 1

    def camera(self, path: Path) -> Camera:
        """Return the camera that shows this film: sampled as by default, densely where the fault asks for it."""
        mode = SamplingMode.ALL if self.fault is Fault.SHAKE else SamplingMode.AUTO
        analogue = self.fault in {Fault.SNOW, Fault.STRIPES}
        return Camera(name=self.clip.name, url=str(path), plan=SamplingPlan(mode=mode), analogue=analogue)

    def film(self, folder: Path) -> Path:
        """Write the film unless it is there already, and return its path."""
        name = f"{self.clip.name}-{self.clip.path.stat().st_size}-{self.fault}-{self.strength}-{self.fault_s}.mp4"
        path = folder / name
        if path.exists():
            return path
        seconds = self.warm_up_s + self.fault_s
        pictures = sample_frames(self.clip, seconds * self.fps, max(1, self.clip.step(seconds) // self.fps))
        height, width = pictures[0].shape[:2]
        with FilmWriter(path, (width, height), self.fps) as writer:
            for picture, crf in self._pictures(pictures):
                writer.add(picture, crf=crf)
        return path

    def _pictures(self, healthy: list[NDArray[np.uint8]]) -> Iterator[tuple[NDArray[np.uint8], int]]:
        onset_at = self.warm_up_s * self.fps
        for number, picture in enumerate(healthy):
            if number < onset_at:
                yield picture, HEALTHY_CRF
            elif self.fault is Fault.BITRATE_STARVED:
                yield picture, STARVED_CRF[self.strength]
            else:
                moment = FaultMoment((number - onset_at) / self.fps, self.strength)
                yield FAULT_INJECTORS[self.fault](picture, healthy[onset_at], moment), HEALTHY_CRF
