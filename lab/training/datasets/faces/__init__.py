"""Faces with opinions or boxes, one adapter a file."""
