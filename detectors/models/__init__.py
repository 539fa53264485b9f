"""Models with trained weights: the catalogue, their weights and their runtimes."""
