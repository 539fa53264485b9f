"""Real Kafka, Postgres and Redis for benchmarks and tests: on free loopback ports, their data in temporary folders.

What cannot be had is `Absent`, saying how to get it.
"""

from bench.services.kafka_server import kafka, kafka_jars
from bench.services.postgres_server import postgres
from bench.services.redis_server import redis
from bench.services.server import Absent, Service, free_port

__all__ = ["Absent", "Service", "free_port", "kafka", "kafka_jars", "postgres", "redis"]
