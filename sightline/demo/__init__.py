"""The demo: simulated cameras, watched by the real system."""
