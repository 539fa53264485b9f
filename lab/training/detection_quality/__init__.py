"""Compression sets, labels, training and tables of detection quality (VISAPP 2022) and detectability."""
