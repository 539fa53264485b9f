"""The recipe of the picture-fault model: what optics, sensors, encoders and networks do to a camera's picture."""
