"""The product beside hostile cameras and clients."""
