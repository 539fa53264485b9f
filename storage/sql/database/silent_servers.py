"""A Postgres that took a statement and falls silent is given up after a while, and so is one that accepts and is mute.

libpq waits for an answer for ever. Keepalives and TCP_USER_TIMEOUT do not end that: they look for acknowledgements, and
a proxy, a load balancer or a stopped server's kernel acknowledges everything. So psycopg2 waits through a callback.
"""

import select
from typing import Any

ANSWER_S = 30.0
"""How long the server may say nothing while it owes an answer."""
STATEMENT_S = 25.0
"""The server itself ends a statement after this long, before it is given up here."""
PATIENT_S = 600.0
"""The same for what takes long where much is stored: rolling up, retention, reports, migrations."""
IDLE_TRANSACTION_S = 60.0
"""The server ends a transaction that says nothing for this long: whoever vanished holds its locks no longer."""


def connection_class(connect_s: float) -> Any:
    """Return the class of connections whose server may be silent for `connect_s`, or `limit_silence`'s seconds.

    Installs the callback, which is one for the whole process: psycopg2 cannot COPY while it is there.
    """
    from psycopg2 import extensions  # noqa: PLC0415 - only the extra 'cluster' has it

    extensions.set_wait_callback(_wait)
    return type("LimitedConnection", (extensions.connection,), {"silence_s": connect_s})


def limit_silence(connection: Any, seconds: float) -> None:
    """Set how long the server may owe an answer on this connection of the driver; None: it is closed already."""
    if connection is not None:
        connection.silence_s = seconds


def server_options() -> str:
    """Return the options of a session by which the server too notices that we vanished, or ask too much."""
    limits = {
        "statement_timeout": round(STATEMENT_S * 1e3),
        "idle_in_transaction_session_timeout": round(IDLE_TRANSACTION_S * 1e3),
        "tcp_keepalives_idle": 10,
        "tcp_keepalives_interval": 5,
        "tcp_keepalives_count": 3,
    }
    return " ".join(f"-c {name}={value}" for name, value in limits.items())


def _wait(connection: Any) -> None:
    """Wait until psycopg2 may go on; each wait is bounded, so that a long answer may take as long as it comes.

    Raises `psycopg2.OperationalError`, after which psycopg2 closes the connection.
    """
    from psycopg2 import OperationalError, extensions  # noqa: PLC0415

    events = {extensions.POLL_READ: select.POLLIN, extensions.POLL_WRITE: select.POLLOUT}
    limit_s = getattr(connection, "silence_s", None)
    while (state := connection.poll()) != extensions.POLL_OK:
        waiting = select.poll()
        waiting.register(connection.fileno(), events[state])
        if not waiting.poll(None if limit_s is None else limit_s * 1e3):
            raise OperationalError(f"the server gave no answer for {limit_s:.0f} s")
