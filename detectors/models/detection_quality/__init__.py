"""Detection quality: what is left in a picture for an object detector (Beniwal, Mantini & Shah, VISAPP 2022)."""
