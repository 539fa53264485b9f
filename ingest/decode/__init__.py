"""Packets to pictures: the decoder, what counts as damage, planes as they were decoded."""
