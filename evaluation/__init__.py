"""What is normal, what is not, and who must be told."""
