"""Small site-wide facts by name, such as "setup_done"."""

from __future__ import annotations

from sqlalchemy import Column, Connection, String, Table, Text, insert, select, update

from iotd.store.metadata import metadata

facts = Table(
    "facts",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)


def get_fact(connection: Connection, name: str) -> str | None:
    """The fact's text, or None if nobody put it there."""
    return connection.execute(select(facts.c.value).where(facts.c.name == name)).scalar()


def put_fact(connection: Connection, name: str, value: str) -> None:
    """Set a fact, whether it was there or not."""
    changed = connection.execute(update(facts).where(facts.c.name == name).values(value=value))
    if not changed.rowcount:
        connection.execute(insert(facts).values(name=name, value=value))
