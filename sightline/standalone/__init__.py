"""Evaluates a recording or one stream without the running system; stores nothing."""
