"""Trains and calibrates the no-reference networks."""
