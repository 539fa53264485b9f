"""Tells people about incidents: grouping, sending, retries."""
