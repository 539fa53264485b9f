"""Cameras that do not exist: scenes from photographs, faults planted on a schedule, a server to watch them on."""
