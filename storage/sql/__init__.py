"""The stores on SQLite and Postgres."""
