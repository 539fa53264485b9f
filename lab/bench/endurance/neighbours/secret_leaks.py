"""Where a secret is found that must be nowhere: answers, logs, process lists, columns of the database."""

import http.client
from collections.abc import Sequence

import psutil
from sqlalchemy import Engine, Text, cast, func, select

from lab.bench.endurance.page_visitor import PageVisitor
from lab.bench.endurance.sightline_process import SightlineProcess
from storage.sql.schema import tables

ANSWERS = ("/", "/api/v1/cameras", "/api/v1/incidents", "/metrics", "/readyz", "/api/v1/models", "/openapi.json")
_MAY_HOLD = {("cameras", "url")}
"""A camera must be opened with its password, which is stored there and nowhere else."""


def find_in_answers(visitor: PageVisitor, secret: str) -> list[str]:
    """Return the paths whose answer holds the secret."""
    found = []
    for path in ANSWERS:
        try:
            _, body = visitor.ask(path)
        except (OSError, http.client.HTTPException):
            continue
        if secret.encode() in body:
            found.append(f"the answer to {path}")
    return found


def find_in_processes(programs: Sequence[SightlineProcess], secret: str) -> list[str]:
    """Return the processes of these programs whose command line holds the secret."""
    found = []
    for program in programs:
        for process in program.tree():
            try:
                if secret in " ".join(process.cmdline()):
                    found.append(f"the command line of {program.name} or a process of its own")
            except psutil.NoSuchProcess:
                continue
    return found


def find_in_logs(programs: Sequence[SightlineProcess], secret: str) -> list[str]:
    """Return the programs whose log holds the secret."""
    return [f"the log of {each.name}" for each in programs if secret.encode() in each.log.read_bytes()]


def find_in_rows(engine: Engine, secret: str) -> list[str]:
    """Return the columns that hold the secret, but for the one that must."""
    found = []
    with engine.connect() as connection:
        for table in tables.metadata.sorted_tables:
            for column in table.columns:
                if (table.name, column.name) in _MAY_HOLD:
                    continue
                held = cast(column, Text).contains(secret)
                if connection.execute(select(func.count()).select_from(table).where(held)).scalar_one():
                    found.append(f"the column {table.name}.{column.name}")
    return found
