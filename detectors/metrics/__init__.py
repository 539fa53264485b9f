"""Fault metrics: numbers that say what is wrong with a picture, each with its meaning."""
