"""Tensors in, numbers out. Knows torch and the domain: no stream, no queue, no store."""
