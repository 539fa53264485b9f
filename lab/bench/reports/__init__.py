"""What reports say, against an obvious recount of the raw transitions."""
