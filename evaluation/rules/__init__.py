"""What each fault is decided by, and the thresholds."""
