"""Face quality: six dimensions of a surveillance face from three views of it (SFIQA-Assessor)."""
