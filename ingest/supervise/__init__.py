"""The reading processes: who reads which camera, what they say to each other, what replaces one that hangs."""
