"""What is found of planted faults, and what healthy views raise (docs/evidence.md)."""
