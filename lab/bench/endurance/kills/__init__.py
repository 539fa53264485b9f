"""Processes and links harmed at seeded moments."""
