"""The database's history: one file a revision, for SQLite and Postgres alike."""
