"""Real Kafka, Mosquitto, Postgres and Redis for benchmarks and tests, on loopback ports, data in temporary folders.

What cannot be had is `ServiceMissing`, saying how to get it.
"""

from lab.services.kafka_server import kafka, kafka_jars
from lab.services.mosquitto_server import mosquitto
from lab.services.postgres_server import postgres
from lab.services.redis_server import redis
from lab.services.server_process import Service, ServiceMissing, free_port

__all__ = ["Service", "ServiceMissing", "free_port", "kafka", "kafka_jars", "mosquitto", "postgres", "redis"]
