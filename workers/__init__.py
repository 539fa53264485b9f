"""Poll, batch, score, evaluate, store, commit."""
