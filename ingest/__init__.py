"""Cameras to messages: the only place that reads streams."""
