"""Labelled faces made from undistorted ones."""
