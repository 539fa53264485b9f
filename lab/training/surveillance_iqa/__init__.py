"""Saliency IQA trained as Lu et al. 2022 describe it, and the tables of their paper."""
