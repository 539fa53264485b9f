"""The learned models that the settings choose, and what is said of them."""
