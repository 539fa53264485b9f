"""Databases of their own on a Postgres server, for the length of one measurement."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, make_url, text


@contextmanager
def fresh_database(url: str, name: str = "sightline_bench") -> Iterator[str]:
    """Make an empty database on the server at `url`, give its address, and drop it after."""
    address = make_url(url).set(drivername="postgresql+psycopg2")
    name = f"{name}_{secrets.token_hex(4)}"
    server = create_engine(address, isolation_level="AUTOCOMMIT", hide_parameters=True)
    try:
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        yield address.set(database=name, drivername="postgresql").render_as_string(hide_password=False)
    finally:
        server.dispose()
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        server.dispose()
