"""Trains the bundled Faster R-CNN on boxes that another detector gives."""
