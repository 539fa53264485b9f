"""Answers over HTTP and the live page: parse, ask a port, answer. Knows the ports, not their adapters."""
