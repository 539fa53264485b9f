"""The learned models that the settings choose, and their descriptions."""
