"""What is wrong with a picture, without a past: a probability for each kind of fault."""
