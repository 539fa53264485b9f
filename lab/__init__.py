"""Trains the bundled models and measures the product. The product never imports it."""
