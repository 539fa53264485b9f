"""What metrics are computed with: pure functions on arrays, one idea a file."""
