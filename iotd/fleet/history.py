"""What happened to a board, newest first: its own events, and what people did to it.

People's acts are in the audit and nowhere else; here both are read as one list.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, or_, select

from iotd.accounts.audit_records import audit
from iotd.errors import Invalid
from iotd.fleet.records import board_events

#: Actions of the audit that are told here, and what each is called.
ACTS = {
    "command device": "command", "start camera": "command", "stop camera": "command",
    "approve device": "approved", "revoke device": "revoked", "new device key": "key",
    "change device": "changed", "change gate": "changed", "update device": "update",
}
_WORDS = {"start camera": "START", "stop camera": "STOP"}


class Mark(NamedTuple):
    """Where a page ended: the next begins after this one; ``table`` is "a" or "e"."""

    at: float
    table: str
    id: int


def history(
    connection: Connection, device: str, since: float, limit: int, after: str | None
) -> list[dict[str, Any]]:
    """``limit`` entries after the one of this id: ``{"id","at","what","text","by","result"}``.

    ``since``: when the device was first seen; what the audit tells of before was another one's.
    Invalid for an id that can't be one.
    """
    mark = None if after is None else _mark(connection, after)
    own = _own(connection, device, limit, mark)
    found = own + _acts(connection, device, since, limit, mark)
    found.sort(key=lambda one: (one["at"], one["id"][0] == "a", int(one["id"][1:])), reverse=True)
    return found[:limit]


def _mark(connection: Connection, after: str) -> Mark | None:
    table, number = after[:1], after[1:]
    if table not in ("a", "e") or not (number.isascii() and number.isdecimal()):
        raise Invalid("There is no such entry to go on after.", "after")
    id = min(int(number), 2**63 - 1)
    rows = audit if table == "a" else board_events
    at = connection.execute(select(rows.c.at).where(rows.c.id == id)).scalar()
    # the oldest ones go: after one that went there is nothing any more
    return Mark(float("-inf") if at is None else at, table, id)


def _after(table: Any, mark: Mark | None, mine: str) -> Any:
    """Entries of this table after the mark; of one moment the audit's come first."""
    if mark is None:
        return True
    if mark.at == float("-inf"):
        return False
    same = table.c.at == mark.at
    if mark.table == mine:
        return or_(table.c.at < mark.at, and_(same, table.c.id < mark.id))
    return or_(table.c.at < mark.at, same) if mine == "e" else table.c.at < mark.at


def _own(
    connection: Connection, device: str, limit: int, mark: Mark | None
) -> list[dict[str, Any]]:
    rows = select(board_events).where(board_events.c.device == device).order_by(
        board_events.c.at.desc(), board_events.c.id.desc()
    ).limit(limit)
    if mark is not None:
        rows = rows.where(_after(board_events, mark, "e"))
    return [
        {"id": f"e{row.id}", "at": row.at, "what": row.what, "text": row.text, "by": row.by,
         "result": row.result}
        for row in connection.execute(rows)
    ]


def _acts(
    connection: Connection, device: str, since: float, limit: int, mark: Mark | None
) -> list[dict[str, Any]]:
    rows = select(audit.c.id, audit.c.at, audit.c.who, audit.c.action, audit.c.detail,
                  audit.c.result).where(
        audit.c.subject == device, audit.c.action.in_(ACTS), audit.c.at >= since - 1,
    ).order_by(audit.c.at.desc(), audit.c.id.desc()).limit(limit)
    if mark is not None:
        rows = rows.where(_after(audit, mark, "a"))
    return [
        {"id": f"a{row.id}", "at": row.at, "what": ACTS[row.action],
         "text": _WORDS.get(row.action, row.detail), "by": row.who, "result": row.result}
        for row in connection.execute(rows)
    ]
