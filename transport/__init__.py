"""Messages from ingest to workers, in order per stream, without loss."""
