"""Bundled weights: safetensors, `manifest.json` with their SHA-256, and a model card each. Holds no code."""
