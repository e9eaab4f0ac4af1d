"""Addresses under which a forgotten password is replaced: made, found, spent."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, insert, select, update

from iotd.accounts import records, session_records
from iotd.accounts.model import DAY, HOUR, MINUTE, User
from iotd.accounts.profile_records import resets
from iotd.accounts.shared import By
from iotd.errors import Denied

GOOD_FOR = 30 * MINUTE
MOST_AN_HOUR = 3  # mails to one account
NOT_GOOD = "This address is not valid any more; ask for a new one."


def begin(connection: Connection, by: By, user_id: int | None, token_hash: str) -> bool:
    """Make a token the account's only one. False when there is no account, or it got
    enough of them within the hour."""
    connection.execute(delete(resets).where(resets.c.made_at <= by.at - DAY))
    user = records.find_user_by_id(connection, user_id) if user_id is not None else None
    if user is None:
        return False
    if _made_lately(connection, user.id, by.at) >= MOST_AN_HOUR:
        by.audit(connection, "forgotten password", user.name, "too many", "refused")
        return False
    end_tokens(connection, user.id, by.at)
    connection.execute(insert(resets).values(
        user_id=user.id, token_hash=token_hash, made_at=by.at, expires_at=by.at + GOOD_FOR,
    ))
    by.audit(connection, "forgotten password", user.name, "mailed")
    return True


def whose(connection: Connection, token_hash: str, now: float) -> User:
    """The account that a token opens, or Denied in words that fit every reason."""
    query = select(resets).where(
        resets.c.token_hash == token_hash, resets.c.used_at.is_(None),
        resets.c.expires_at > now, resets.c.made_at > now - GOOD_FOR,
    )
    row = connection.execute(query).mappings().first()
    user = records.find_user_by_id(connection, row["user_id"]) if row else None
    if user is None or user.disabled:
        raise Denied(NOT_GOOD, "token")
    return user


def spend(connection: Connection, by: By, token_hash: str, password_hash: str) -> User:
    """Set the password against a token; nobody stays signed in, and no other token holds."""
    user = whose(connection, token_hash, by.at)
    connection.execute(
        update(resets).where(resets.c.token_hash == token_hash).values(used_at=by.at)
    )
    end_tokens(connection, user.id, by.at)
    session_records.end_sessions_of(connection, user.id)
    session_records.forgive_attempts(connection, user.name.lower())
    by_owner = By(user.name, by.at, by.address)
    by_owner.audit(connection, "reset password", user.name, "by mail")
    return records.change_user(connection, user.id, password_hash=password_hash)


def end_tokens(connection: Connection, user_id: int, now: float) -> None:
    """No token of the account holds any more; that they were made is still counted."""
    mine = (resets.c.user_id == user_id) & (resets.c.expires_at > now)
    connection.execute(update(resets).where(mine).values(expires_at=now))


def _made_lately(connection: Connection, user_id: int, now: float) -> int:
    # those ahead of now are of before the clock was set back
    lately = (resets.c.made_at > now - HOUR) & (resets.c.made_at < now + HOUR)
    query = select(func.count()).select_from(resets).where(resets.c.user_id == user_id, lately)
    return connection.execute(query).scalar_one()
