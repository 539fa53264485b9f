"""How cost and lag grow with cameras."""
