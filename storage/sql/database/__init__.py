"""The database itself: connections, schema versions, the lock of the one process that watches, and its health."""
