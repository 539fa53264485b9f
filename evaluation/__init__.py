"""What is normal, what is not, and what must be announced."""
