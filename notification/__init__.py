"""Notifies people about incidents: grouping, sending, retries."""
