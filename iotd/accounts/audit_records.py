"""The table of the audit: rows are added and read; only erasing a person changes any.

A row and the head, the newest row's link, are written in the transaction of what is audited, so
one that is undone leaves no gap. The key comes with the store's connections.
"""

from __future__ import annotations

from typing import Any, Iterator, NamedTuple

from sqlalchemy import (
    Boolean, Column, Connection, Index, String, Table, Text, bindparam, false, func, insert,
    select, update,
)
from sqlalchemy.exc import DBAPIError
from twisted.logger import Logger

from iotd.accounts.audit_chain import (
    ERASE, LOST, MOST_DETAIL, PURPOSE, Head, Row, new_salt, read_head, sealed, write_head,
)
from iotd.errors import Unavailable
from iotd.store.engine import sealer_of
from iotd.store.faults import spoils_group, translate
from iotd.store.metadata import Id, Time, metadata
from iotd.store.records import facts, get_fact, put_fact

audit = Table(
    "audit", metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("at", Time, nullable=False),
    Column("who", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", String(128), nullable=False),
    Column("detail", Text, nullable=False),
    Column("address", String(64), nullable=False),
    Column("result", String(16), nullable=False),
    Column("patient", String(40)),  # whose health it is about
    # the chain: iotd.accounts.audit_chain
    Column("salt", String(32)),
    Column("digest", String(64)),
    Column("chain", String(64)),
    Column("erased", Boolean, nullable=False, server_default=false()),
    Index(None, "at"),
    Index(None, "patient"),
    Index(None, "subject"),
)

EVERYBODY = "all"  # in place of a patient: of everyone there was at that time
HEAD = "audit_head"  # the fact
CHUNK = 1000  # rows that are chained at a time
TOLD = 100 * CHUNK

ROW = [audit.c[name] for name in Row._fields]
SHOWN = ROW[:9]  # what people see of a row

_log = Logger()

_newest = select(func.max(audit.c.id)).scalar_subquery()
# locked, so that not even a second writer forks the chain
_HEAD = select(facts.c.value, _newest).where(facts.c.name == HEAD).with_for_update()
_ADD = insert(audit)
_MOVE = update(facts).where(facts.c.name == HEAD).values(value=bindparam("head"))


def chain_key(connection: Connection) -> bytes:
    """The key of this store's chain; no audit is written without one."""
    return sealer_of(connection).derive(PURPOSE)


def write_audit(
    connection: Connection, at: float, who: str, action: str, subject: str,
    detail: str = "", address: str = "", result: str = "ok", patient: str | None = None,
) -> None:
    """Record who did what to whom, in the transaction of the change itself.

    ``patient``: whose health it is about, who may know of it. Unavailable when it can't be
    written: then nothing is done.
    """
    try:
        append(connection, Row(
            0, float(at), who[:64], action[:64], subject[:128], detail[:MOST_DETAIL],
            address[:64], result[:16], patient,
        ))
    except DBAPIError as error:
        if spoils_group(error) or translate(error) is not error:
            raise
        raise Unavailable("This can't be written into the audit, so it was not done.") from error


def append(connection: Connection, row: Row) -> int:
    """Add a row at the chain's end; its id."""
    key = chain_key(connection)
    head = _next_to(connection, key)
    row = sealed(key, head.chain, row._replace(id=head.id + 1, salt=new_salt()))
    connection.execute(_ADD, row._asdict())
    _put_head(connection, key, Head(row.id, head.rows + 1, str(row.chain)))
    return row.id


def _next_to(connection: Connection, key: bytes) -> Head:
    """What the next row follows. What was done to the table behind our back is no reason to do
    nothing any more: the row begins where it can be seen that there was something."""
    known = connection.execute(_HEAD).first()
    text, newest = known or (None, connection.execute(select(_newest)).scalar())
    head = read_head(key, text)
    if head is None and text is None and newest is None:
        return Head()
    if head is None:
        _log.critical("the audit's end is lost or was changed; see iotd audit verify")
        return Head(newest or 0, count_rows(connection), LOST)
    return head if newest is None or newest <= head.id else head._replace(id=newest)


def _put_head(connection: Connection, key: bytes, head: Head) -> None:
    text = write_head(key, head)
    if not connection.execute(_MOVE, {"head": text}).rowcount:
        put_fact(connection, HEAD, text)


def head_of(connection: Connection, key: bytes) -> Head | None:
    """The newest row as the database says; None when there is none, or it was changed."""
    return read_head(key, get_fact(connection, HEAD))


def count_rows(connection: Connection) -> int:
    """How many rows there are."""
    return connection.execute(select(func.count()).select_from(audit)).scalar_one()


def begin_chain(connection: Connection, key: bytes, before: bool) -> None:
    """At the start: chain the rows of before there was a chain, once.

    ``before``: whether a head was kept outside the database, so that there was one.
    """
    text = get_fact(connection, HEAD)
    if text is None and not before:
        head = Head()
        for rows in _pages(connection):
            head = _chain(connection, key, head, rows)
            if head.rows % TOLD == 0 or len(rows) < CHUNK:
                _log.info("the audit's first {count} rows are chained", count=head.rows)
        put_fact(connection, HEAD, write_head(key, head))
    elif read_head(key, text) is None:
        _log.critical("the audit's end is lost or was changed; see iotd audit verify")


def _pages(connection: Connection) -> Iterator[list[Row]]:
    last = 0
    while rows := read_rows(connection, last, CHUNK):
        yield rows
        last = rows[-1].id


def _chain(connection: Connection, key: bytes, head: Head, rows: list[Row]) -> Head:
    done, before = [], head.chain
    for row in rows:
        row = sealed(key, before, row._replace(salt=new_salt()))
        before = str(row.chain)
        done.append({"row": row.id, "salt": row.salt, "digest": row.digest, "chain": row.chain})
    columns: dict[str, Any] = {name: bindparam(name) for name in ("salt", "digest", "chain")}
    connection.execute(update(audit).where(audit.c.id == bindparam("row")).values(columns), done)
    return Head(rows[-1].id, head.rows + len(rows), before)


class Page(NamedTuple):
    """Some rows, and what the database said of the head before and after they were read."""

    before: Head | None
    rows: list[Row]
    after: Head | None


def read_page(connection: Connection, key: bytes, after: int, limit: int) -> Page:
    """The ``limit`` rows after one, the oldest first."""
    before = head_of(connection, key)
    rows = read_rows(connection, after, limit)
    return Page(before, rows, head_of(connection, key))


def read_rows(connection: Connection, after: int, limit: int) -> list[Row]:
    """The same without heads."""
    query = select(*ROW).where(audit.c.id > after).order_by(audit.c.id).limit(limit)
    return [Row(*row) for row in connection.execute(query)]


def told_erasures(connection: Connection) -> list[tuple[int, str]]:
    """Ids and details of the rows that say which others were erased."""
    query = select(audit.c.id, audit.c.detail).where(audit.c.action == ERASE)
    return [(id, str(detail)) for id, detail in connection.execute(query)]


def head_and_link(connection: Connection, key: bytes, id: int) -> tuple[Head | None, str | None]:
    """The head, and the link of one row."""
    link = select(audit.c.chain).where(audit.c.id == id)
    return head_of(connection, key), connection.execute(link).scalar()


def list_audit(
    connection: Connection, limit: int, after: int | None = None
) -> list[dict[str, Any]]:
    """The newest ``limit`` rows, or those older than the row ``after``."""
    query = select(*SHOWN).order_by(audit.c.id.desc()).limit(limit)
    if after is not None:
        query = query.where(audit.c.id < after)
    return [dict(row) for row in connection.execute(query).mappings()]


def list_audit_about(
    connection: Connection, patient: str, since: float, limit: int, after: int | None = None
) -> list[dict[str, Any]]:
    """The same of what is about one patient, whom there is ``since`` then."""
    all_of_them: Any = (audit.c.patient == EVERYBODY) & (audit.c.at >= since)
    query = select(*SHOWN).where((audit.c.patient == patient) | all_of_them)
    if after is not None:
        query = query.where(audit.c.id < after)
    query = query.order_by(audit.c.id.desc()).limit(limit)
    return [dict(row) for row in connection.execute(query).mappings()]
