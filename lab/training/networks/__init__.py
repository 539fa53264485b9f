"""Where trainings start: ImageNet weights that can be had, and batch norms folded away for speed."""
