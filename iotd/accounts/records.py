"""The tables of people, and what is read from and written to them.

Sessions, tokens and tries are in ``session_records``; the audit is in ``audit_records``.
"""

from __future__ import annotations

from typing import Any, Iterable

from sqlalchemy import (
    Boolean, BigInteger, Column, Connection, ForeignKey, String, Table, Text,
    delete, false, func, insert, select, update,
)

from iotd.accounts.audit_records import (  # noqa: F401  whoever audits finds it here
    EVERYBODY, audit, list_audit, list_audit_about, write_audit,
)
from iotd.accounts.model import User
from iotd.errors import Conflict, NotFound
from iotd.store.metadata import Id, Time, metadata

users = Table(
    "users", metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("password_hash", String(255)),
    Column("totp_sealed", Text),
    Column("totp_pending_sealed", Text),
    Column("totp_last_step", BigInteger),
    Column("disabled", Boolean, nullable=False, server_default=false()),
    Column("created_at", Time, nullable=False),
    Column("last_login_at", Time),
)

recovery_codes = Table(
    "recovery_codes", metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("code_hash", String(64), nullable=False),
    Column("used_at", Time),
)


def list_users(connection: Connection) -> list[User]:
    """All accounts by name."""
    rows = connection.execute(select(users).order_by(users.c.name))
    return [User(**row) for row in rows.mappings()]


def find_user(connection: Connection, name: str) -> User | None:
    """The account of this name, in whatever case it is written."""
    same = func.lower(users.c.name) == name.lower()
    row = connection.execute(select(users).where(same)).mappings().first()
    # to MySQL "ann " is "ann", which would give one account many tallies of tries
    return User(**row) if row and row["name"].lower() == name.lower() else None


def find_user_by_id(connection: Connection, user_id: int) -> User | None:
    """The account with this id, or None when it is gone."""
    query = select(users).where(users.c.id == user_id)
    row = connection.execute(query).mappings().first()
    return User(**row) if row else None


def get_user(connection: Connection, user_id: int) -> User:
    """The account with this id, or NotFound."""
    user = find_user_by_id(connection, user_id)
    if user is None:
        raise NotFound(f"There is no user {user_id}.")
    return user


def add_user(
    connection: Connection, name: str, role: str, password_hash: str, now: float
) -> User:
    """A new account, or Conflict when the name is taken."""
    if find_user(connection, name) is not None:
        raise Conflict(f"There is already an account named {name}.", "name")
    result = connection.execute(insert(users).values(
        name=name, role=role, password_hash=password_hash, disabled=False, created_at=now,
    ))
    return get_user(connection, result.lastrowid)


def change_user(connection: Connection, user_id: int, **values: Any) -> User:
    """Set columns of an account; gives what it is then."""
    connection.execute(update(users).where(users.c.id == user_id).values(**values))
    return get_user(connection, user_id)


def remove_user(connection: Connection, user_id: int) -> None:
    """Delete an account; its sessions and codes go with it."""
    connection.execute(delete(users).where(users.c.id == user_id))


def count_users(connection: Connection) -> int:
    """How many accounts there are, disabled ones too."""
    return connection.execute(select(func.count()).select_from(users)).scalar_one()


def other_admins(connection: Connection, user_id: int) -> int:
    """How many admins could still sign in without this one."""
    query = select(func.count()).select_from(users).where(
        users.c.role == "admin", users.c.disabled == false(), users.c.id != user_id,
    )
    return connection.execute(query).scalar_one()


def use_step(connection: Connection, user_id: int, step: int) -> bool:
    """Spend the code of this time step; False when it, or a later one, was spent."""
    unspent = users.c.totp_last_step.is_(None) | (users.c.totp_last_step < step)
    result = connection.execute(
        update(users).where(users.c.id == user_id, unspent).values(totp_last_step=step)
    )
    return result.rowcount == 1


def replace_recovery_codes(
    connection: Connection, user_id: int, hashes: Iterable[str]
) -> None:
    """Make these the only recovery codes of an account."""
    connection.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
    rows = [{"user_id": user_id, "code_hash": code_hash} for code_hash in hashes]
    if rows:
        connection.execute(insert(recovery_codes), rows)


def use_recovery_code(
    connection: Connection, user_id: int, code_hash: str, now: float
) -> bool:
    """Spend a recovery code; False when there is none such, or it was spent."""
    codes = recovery_codes.c
    result = connection.execute(
        update(recovery_codes)
        .where(codes.user_id == user_id, codes.code_hash == code_hash, codes.used_at.is_(None))
        .values(used_at=now)
    )
    return result.rowcount == 1


def count_recovery_codes(connection: Connection, user_id: int) -> int:
    """How many codes are left to an account."""
    codes = recovery_codes.c
    query = select(func.count()).select_from(recovery_codes).where(
        codes.user_id == user_id, codes.used_at.is_(None),
    )
    return connection.execute(query).scalar_one()
