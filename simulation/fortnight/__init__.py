"""Fourteen days of eight cameras with nothing wrong but the weather, drawn only at the moments asked for."""
