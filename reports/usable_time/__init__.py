"""Which time counts, and where it went: periods in local days, sets of instants, parts that add up."""
