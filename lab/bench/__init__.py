"""Reproducible measurements: ratios in one run, evidence on planted faults, and promises held over time."""
