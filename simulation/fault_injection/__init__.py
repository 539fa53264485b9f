"""Faults put into pictures on purpose, by the physics of each. `FAULT_INJECTORS` maps every picture fault to its plant.

The faults of the stream (signal loss, low fps, bitrate …) are no pictures; films and servers make those.
"""

from collections.abc import Mapping

from domain.faults import Fault
from simulation.fault_injection import exposure, lens, recorder, sensor
from simulation.fault_injection.injector import FaultInjector, FaultMoment, Picture, SignalStage, Strength

FAULT_INJECTORS: Mapping[Fault, FaultInjector] = {
    plant.fault: plant
    for plant in (*exposure.FAULT_INJECTORS, *lens.FAULT_INJECTORS, *sensor.FAULT_INJECTORS, *recorder.FAULT_INJECTORS)
}

__all__ = ["FAULT_INJECTORS", "FaultInjector", "FaultMoment", "Picture", "SignalStage", "Strength"]
