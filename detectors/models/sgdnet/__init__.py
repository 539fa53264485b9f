"""SGDNet, no-reference quality guided by saliency (Yang et al. 2019): variants, teachers, detector."""
