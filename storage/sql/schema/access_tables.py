"""Tables of users and API keys."""

from sqlalchemy import Boolean, Column, String, Table

from storage.sql.schema.column_types import Document, UtcTime
from storage.sql.schema.naming import metadata

users = Table(
    "users",
    metadata,
    Column("name", String, primary_key=True),
    Column("role", String, nullable=False),
    Column("password_hash", String, nullable=False),
    Column("scope", Document, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("name", String, primary_key=True),
    Column("key_id", String, nullable=False, unique=True),
    Column("role", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("scope", Document, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("revoked", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)
