"""Messages over Kafka."""
