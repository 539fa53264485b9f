"""Outages at seeded moments, and an audit of what was delivered."""
