"""The tables of detection quality and what they are measured on."""
