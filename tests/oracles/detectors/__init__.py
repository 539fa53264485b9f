"""Faults that need no learned weights."""
