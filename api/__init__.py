"""Parse, ask a port, answer."""
