"""Alert states, incidents and root cause."""
