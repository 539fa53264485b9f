"""Scores the frames of one batch with every detector that is due."""
