"""How well predictions agree with labels: correlations, fits, significance, and ladders of known strength."""
