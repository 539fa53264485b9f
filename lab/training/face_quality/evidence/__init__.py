"""What the bundled face weights are measured on."""
