"""Historical reports: usable time, its causes and its trend, computed from stored spans, incidents and rollups."""
