"""What is true now: in memory, or in Redis."""
