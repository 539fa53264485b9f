"""Training of saliency IQA: a branch for the whole picture, a branch for its most salient window."""
