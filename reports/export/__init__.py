"""A finished report as files: HTML, PDF, CSV, JSON, each with its seal."""
