"""Saliency IQA: no-reference quality from the whole picture and its most salient window (arXiv 2206.04318)."""
