"""What a camera shows: light mode, baselines, view."""
