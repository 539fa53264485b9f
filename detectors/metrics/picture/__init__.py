"""A decoded picture, and the means, sums and areas that metrics are made of."""
