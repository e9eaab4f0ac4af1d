"""Changes of accounts and tokens: each one transaction, with its audit row.

They take a connection and never wait, so the daemon runs them on the store's
thread and the command line, while no daemon runs, by itself.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from iotd.accounts import profile_changes, profile_records, records, reset_records
from iotd.accounts import session_records
from iotd.accounts.audit_erasing import erase_account
from iotd.accounts.model import Token, User
from iotd.accounts.profile_changes import About
from iotd.accounts.profile_model import Profile
from iotd.accounts.shared import By
from iotd.errors import Conflict


def add_first_admin(connection: Connection, by: By, name: str, password_hash: str) -> User:
    """The admin of a new site; Conflict when somebody was faster."""
    if records.count_users(connection):
        raise Conflict("iotd is set up already; sign in instead.")
    user = records.add_user(connection, name, "admin", password_hash, by.at)
    by.audit(connection, "set up", user.name)
    return user


def add_user(
    connection: Connection, by: By, name: str, role: str, password_hash: str,
    about: About = About(),
) -> tuple[User, Profile | None]:
    """A new account, or Conflict when the name or the e-mail is taken."""
    if profile_records.claimant(connection, name) is not None:
        raise Conflict("This name is the e-mail address of another account.", "name")
    user = records.add_user(connection, name, role, password_hash, by.at)
    by.audit(connection, "add user", user.name, f"role {role}")
    return user, profile_changes.change_about(connection, by, user.id, about)


def change_user(
    connection: Connection, by: By, user_id: int,
    role: str | None = None, disabled: bool | None = None, about: About = About(),
) -> tuple[User, Profile | None]:
    """Another role, shut out and let in again, which both end all sessions of the account;
    another e-mail or full name. Who is made a doctor by an admin is verified by that."""
    user = _change_role(connection, by, records.get_user(connection, user_id), role, disabled)
    known = profile_changes.change_about(connection, by, user_id, about)
    if role == "doctor" and known is not None and known.verified_at is None:
        known = profile_changes.verify(connection, by, user_id)
    return user, known


def _change_role(
    connection: Connection, by: By, user: User, role: str | None, disabled: bool | None
) -> User:
    values: dict[str, Any] = {}
    if role is not None and role != user.role:
        values["role"] = role
    if disabled is not None and disabled != user.disabled:
        values["disabled"] = disabled
    if not values:
        return user
    if values.get("disabled") or "role" in values:
        _keep_an_admin(connection, user)
    session_records.end_sessions_of(connection, user.id)
    by.audit(connection, "change user", user.name, _told(values))
    return records.change_user(connection, user.id, **values)


def must_be_removable(connection: Connection, user_id: int) -> None:
    """Conflict for the last admin who can sign in."""
    _keep_an_admin(connection, records.get_user(connection, user_id))


def remove_user(connection: Connection, by: By, user_id: int) -> User:
    """Delete an account, its name in the audit too, and say which it was."""
    user = records.get_user(connection, user_id)
    _keep_an_admin(connection, user)
    records.remove_user(connection, user_id)
    session_records.forgive_attempts(connection, user.name.lower())
    by.audit(connection, "remove user", user.name, f"role {user.role}")
    erase_account(connection, by, user.name)
    return user


def reset_user(connection: Connection, by: By, user_id: int, password_hash: str) -> User:
    """A new password and no second factor; nobody is signed in or made to wait."""
    user = records.get_user(connection, user_id)
    records.replace_recovery_codes(connection, user_id, ())
    session_records.end_sessions_of(connection, user_id)
    reset_records.end_tokens(connection, user_id, by.at)
    for key in keys_of(user):
        session_records.forgive_attempts(connection, key)
    by.audit(connection, "reset user", user.name)
    return records.change_user(
        connection, user_id, password_hash=password_hash,
        totp_sealed=None, totp_pending_sealed=None,
    )


def set_password(
    connection: Connection, by: By, user_id: int, password_hash: str, keep: str
) -> User:
    """Store a new password; ends all sessions of the account but the one to ``keep``."""
    session_records.end_sessions_of(connection, user_id, keep)
    reset_records.end_tokens(connection, user_id, by.at)
    by.audit(connection, "change password", by.who)
    return records.change_user(connection, user_id, password_hash=password_hash)


def end_session(connection: Connection, by: By, session_id: str, action: str) -> None:
    """End one session: "log out" or "end session"."""
    session_records.end_sessions(connection, [session_id])
    by.audit(connection, action, by.who)


def add_token(connection: Connection, by: By, name: str, role: str, secret_hash: str) -> Token:
    """A new bearer token, or Conflict when the name is taken."""
    token = session_records.add_token(connection, name, role, secret_hash, by.who, by.at)
    by.audit(connection, "add token", name, f"role {role}")
    return token


def revoke_token(connection: Connection, by: By, token_id: int) -> Token:
    """Delete a token and say which it was."""
    token = session_records.remove_token(connection, token_id)
    by.audit(connection, "revoke token", token.name)
    return token


def keys_of(user: User) -> tuple[str, str]:
    """What wrong passwords and wrong codes of an account are counted under."""
    return user.name.lower(), code_key(user.name)


def code_key(name: str) -> str:
    """What wrong codes of an account are counted under."""
    return "otp:" + name.lower()


def _keep_an_admin(connection: Connection, user: User) -> None:
    if user.role != "admin" or user.disabled:
        return
    if not records.other_admins(connection, user.id):
        raise Conflict(
            f"{user.name} is the last admin who can sign in; make another one first."
        )


def _told(values: dict[str, Any]) -> str:
    words = [f"role {values['role']}"] if "role" in values else []
    if "disabled" in values:
        words.append("disabled" if values["disabled"] else "enabled")
    return ", ".join(words)
