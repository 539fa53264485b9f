"""Connections to cameras: addresses, sockets, logins, and why a stream cannot be read."""
