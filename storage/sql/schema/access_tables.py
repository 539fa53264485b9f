"""Tables of users, API keys, and what ends or begins their access."""

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

server_secrets = Table(
    "server_secrets",
    metadata,
    Column("name", String, primary_key=True),
    Column("secret", String, nullable=False),
)

setup_tokens = Table(
    "setup_tokens",
    metadata,
    Column("digest", String, primary_key=True),
    Column("expires_at", UtcTime, nullable=False),
    Column("used", Boolean, nullable=False),
)

ended_sessions = Table(
    "ended_sessions",
    metadata,
    Column("digest", String, primary_key=True),
    Column("until", UtcTime, nullable=False),
)

kiosk_links = Table(
    "kiosk_links",
    metadata,
    Column("link_id", String, primary_key=True),
    Column("site", String),
    Column("made_by", String, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
    Column("ended", Boolean, nullable=False),
)
