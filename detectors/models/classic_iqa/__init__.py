"""What the papers' tables compare with: full-reference and no-reference measures that need little or no training."""
