"""The page in a real browser: how fast it is, and its pictures for the documentation."""
