"""Reproducible measurements, as ratios in one run."""
