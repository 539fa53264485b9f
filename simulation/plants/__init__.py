"""Faults put into pictures on purpose, by the physics of each. `PLANTS` maps every picture fault to its plant.

The faults of the stream (signal loss, low fps, bitrate …) are no pictures; films and servers make those.
"""

from collections.abc import Mapping

from domain.quality import Fault
from simulation.plants import exposure, lens, recorder, sensor
from simulation.plants.plant import Moment, Picture, Plant, Stage, Strength

PLANTS: Mapping[Fault, Plant] = {
    plant.fault: plant for plant in (*exposure.PLANTS, *lens.PLANTS, *sensor.PLANTS, *recorder.PLANTS)
}

__all__ = ["PLANTS", "Moment", "Picture", "Plant", "Stage", "Strength"]
