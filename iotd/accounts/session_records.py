"""Sessions, bearer tokens and failed tries in the store."""

from __future__ import annotations

from typing import Any, Iterable

from sqlalchemy import (
    Column, Connection, ForeignKey, Index, String, Table, bindparam,
    delete, false, insert, select, update,
)

from iotd.accounts.model import DAY, Session, Token
from iotd.accounts.records import audit, users
from iotd.errors import Conflict, NotFound
from iotd.store.metadata import Id, Time, metadata

sessions = Table(
    "sessions", metadata,
    Column("id", String(64), primary_key=True),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("created_at", Time, nullable=False),
    Column("seen_at", Time, nullable=False),
    Column("address", String(64), nullable=False),
    Column("agent", String(255), nullable=False),
)

tokens = Table(
    "tokens", metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("created_at", Time, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("last_used_at", Time),
)

login_attempts = Table(
    "login_attempts", metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("at", Time, nullable=False),
    Index(None, "account", "at"),
    Index(None, "address", "at"),
)

# how far back an address counts as one that an account is used from
_KNOWN_FOR = 90 * DAY


def list_sessions(connection: Connection) -> list[Session]:
    """Every session of an account that is not disabled."""
    query = select(sessions, users.c.name, users.c.role).join_from(sessions, users)
    rows = connection.execute(query.where(users.c.disabled == false()))
    return [Session(**row) for row in rows.mappings()]


def add_session(connection: Connection, session: Session) -> None:
    """Store a new session; name and role stand with its account."""
    connection.execute(insert(sessions).values(
        id=session.id, user_id=session.user_id, csrf=session.csrf,
        created_at=session.created_at, seen_at=session.seen_at,
        address=session.address, agent=session.agent,
    ))


def end_sessions(connection: Connection, ids: Iterable[str]) -> None:
    """Delete these sessions."""
    connection.execute(delete(sessions).where(sessions.c.id.in_(list(ids))))


def end_sessions_of(connection: Connection, user_id: int, keep: str | None = None) -> None:
    """Delete all sessions of an account but the one to ``keep``."""
    where = sessions.c.user_id == user_id
    if keep is not None:
        where &= sessions.c.id != keep
    connection.execute(delete(sessions).where(where))


def mark_seen(
    connection: Connection, seen: dict[str, float], used: dict[int, float]
) -> None:
    """Note when sessions (by id) and tokens (by id) were used last."""
    if seen:
        connection.execute(
            update(sessions).where(sessions.c.id == bindparam("key"))
            .values(seen_at=bindparam("at")),
            [{"key": key, "at": at} for key, at in seen.items()],
        )
    if used:
        connection.execute(
            update(tokens).where(tokens.c.id == bindparam("key"))
            .values(last_used_at=bindparam("at")),
            [{"key": key, "at": at} for key, at in used.items()],
        )


def list_tokens(connection: Connection) -> list[Token]:
    """All bearer tokens by name."""
    rows = connection.execute(select(tokens).order_by(tokens.c.name))
    return [Token(**row) for row in rows.mappings()]


def add_token(
    connection: Connection, name: str, role: str, secret_hash: str, by: str, now: float
) -> Token:
    """A new token, or Conflict when the name is taken."""
    if any(known.name.lower() == name.lower() for known in list_tokens(connection)):
        raise Conflict(f"There is already a token named {name}.", "name")
    result = connection.execute(insert(tokens).values(
        name=name, role=role, secret_hash=secret_hash, created_at=now, created_by=by[:64],
    ))
    return Token(result.lastrowid, name, role, secret_hash, now, by[:64], None)


def remove_token(connection: Connection, token_id: int) -> Token:
    """Delete a token and say which it was; NotFound when there is none."""
    query = select(tokens).where(tokens.c.id == token_id)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFound(f"There is no token {token_id}.")
    connection.execute(delete(tokens).where(tokens.c.id == token_id))
    return Token(**row)


def add_attempt(connection: Connection, account: str, address: str, at: float) -> None:
    """Remember that a try began."""
    connection.execute(insert(login_attempts).values(account=account, address=address, at=at))


def forgive_attempts(
    connection: Connection, account: str, address: str | None = None, since: float = 0.0
) -> None:
    """Forget the tries on an account: all, or those of one address, or the latest."""
    tries = login_attempts.c
    where = (tries.account == account) & (tries.at >= since)
    if address is not None:
        where &= tries.address == address
    connection.execute(delete(login_attempts).where(where))


def list_attempts(connection: Connection, since: float) -> list[tuple[str, str, float]]:
    """Account, address and time of every try since then, the oldest first."""
    tries = login_attempts.c
    query = select(tries.account, tries.address, tries.at).where(tries.at > since)
    return [tuple(row) for row in connection.execute(query.order_by(tries.at))]


def prune_attempts(connection: Connection, before: float) -> None:
    """Delete the tries that no limit looks at any more."""
    connection.execute(delete(login_attempts).where(login_attempts.c.at <= before))


def known_addresses(connection: Connection, now: float) -> list[tuple[str, str]]:
    """Account name and address of every sign-in of the last 90 days."""
    signed_in: Any = (audit.c.action == "log in") & (audit.c.result == "ok")
    query = (
        select(users.c.name, audit.c.address)
        .join_from(users, audit, users.c.name == audit.c.who)
        .where(signed_in, audit.c.at > now - _KNOWN_FOR, audit.c.at >= users.c.created_at)
        .distinct()
    )
    return [tuple(row) for row in connection.execute(query)]
