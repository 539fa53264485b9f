"""A cheap camera's film: small, grey as by infrared, noisy, coarsely coded; from its tenth minute on faulty.

A clip's pictures become what such a camera would send, one every `EVERY_S` seconds, and are judged at those times by
production's policy.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from domain.cameras import Camera
from domain.faults import Fault
from domain.metrics import FrameScores
from lab.bench.evidence.clips import ClipFile, sample_frames
from lab.bench.evidence.playback import Observation, play_clip
from simulation.fault_injection import FAULT_INJECTORS, FaultMoment, Strength
from simulation.films.film_writer import FilmWriter
from workers.frame_scoring.frame_scorer import FrameScorer

SIZE = (352, 240)
EVERY_S = 12.0
HEALTHY_S = 600.0
FAULTY_S = 432.0
COARSE_CRF = 36
_NOISE_LEVELS = 6.0
_GAIN = 0.8
_FALL = 0.3
"""Infrared light falls off by this share towards the corners."""
ATTACKS = {
    "covered": (Fault.COVERED, Strength.MEDIUM),
    "sprayed": (Fault.COVERED, Strength.MILD),
    "turned": (Fault.CAMERA_MOVED, Strength.SEVERE),
    "defocused": (Fault.BLUR, Strength.SEVERE),
}
"""What is done to the camera: the fault that must be found, and how strongly it is injected."""


@dataclass(frozen=True, slots=True)
class PoorCamera:
    """One clip as a cheap camera shows it; `folder` keeps the films."""

    clip: ClipFile
    folder: Path

    def watch(self, attack: str, by: FrameScorer) -> list[Observation]:
        """Return what judging would see: ten healthy minutes, then seven with the attack, none for ""."""
        healthy, faulty = round(HEALTHY_S / EVERY_S), round(FAULTY_S / EVERY_S)
        path = self.folder / f"{self.clip.name}-{attack or 'healthy'}.mp4"
        pictures = sample_frames(self.clip, healthy + faulty, self.clip.step(healthy + faulty))
        random = np.random.default_rng(7)
        with FilmWriter(path, SIZE, 1) as writer:
            for number, picture in enumerate(pictures):
                shown = picture
                if attack and number >= healthy:
                    fault, strength = ATTACKS[attack]
                    moment = FaultMoment((number - healthy) * EVERY_S, strength)
                    shown = FAULT_INJECTORS[fault](picture, pictures[healthy], moment)
                writer.add(as_poor_picture(shown, random), crf=COARSE_CRF)
        return stretch_time(play_clip(Camera("poor", str(path)), by), EVERY_S)


def as_poor_picture(picture: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """Return (240, 352, 3) of a picture (H, W, 3): grey, darker at the corners, noisy."""
    grey = cv2.cvtColor(cv2.resize(picture, SIZE, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY).astype(np.float32)
    y, x = np.linspace(-1, 1, SIZE[1])[:, None], np.linspace(-1, 1, SIZE[0])[None, :]
    lit = grey * _GAIN * (1 - _FALL * (x * x + y * y) / 2)
    noisy = np.clip(lit + random.normal(0, _NOISE_LEVELS, lit.shape), 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(noisy, cv2.COLOR_GRAY2RGB), dtype=np.uint8)


def stretch_time(observations: list[Observation], every_s: float) -> list[Observation]:
    """Return the observations with their times so far apart that a second of film becomes `every_s`."""
    return list(_stretch(observations, every_s))


def _stretch(observations: list[Observation], every_s: float) -> Iterator[Observation]:
    first = next(o.ref.received_at if isinstance(o, FrameScores) else o.received_at for o in observations)
    for seen in observations:
        if isinstance(seen, FrameScores):
            at = first + (seen.ref.received_at - first) * every_s
            yield replace(seen, ref=replace(seen.ref, received_at=at))
        else:
            at = first + (seen.received_at - first) * every_s
            yield replace(seen, received_at=at, last_frame_at=at)
