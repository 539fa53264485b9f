"""Earlier tensor versions of the fault metrics: independent code that the product is compared with."""
