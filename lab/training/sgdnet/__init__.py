"""Training of SGDNet and its variants as Yang et al. 2019 describe it, and the tables of their paper."""
