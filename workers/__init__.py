"""Poll, group, score, judge, store, commit."""
