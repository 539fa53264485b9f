"""SGDNet: no-reference quality guided by saliency (Yang et al. 2019). Networks and losses; no weights yet, so off."""
