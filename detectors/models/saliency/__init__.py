"""Where people look first. Providers map pictures to saliency; whoever uses one never asks which."""
