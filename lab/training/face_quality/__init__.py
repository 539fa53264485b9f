"""Face quality: faces made worse on purpose, labels from the strength, and the tables of the SFIQA paper."""
