"""The settings file: read, checked, explained."""
