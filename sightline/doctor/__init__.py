"""Checks of everything Sightline needs."""
