"""Photographs with opinions, one adapter a file."""
