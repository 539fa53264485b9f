"""Pure tensor mathematics, one idea a file."""
