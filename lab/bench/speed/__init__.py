"""Speed and cost of single parts, as ratios in one run."""
