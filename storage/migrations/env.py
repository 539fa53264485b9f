"""Alembic's entry point; `storage/sql/database/migrate.py` hands in the connection and owns the transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], render_as_batch=True)
context.run_migrations()
