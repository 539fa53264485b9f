"""Fakes of the ports, in memory; the contract tests hold them to what the real adapters promise."""
