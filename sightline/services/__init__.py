"""The parts of the running system, and which process runs which."""
