"""Signing in, once the password is right: one transaction that spends the code and
makes the session, so that no code is taken twice, not even at the same instant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from iotd.accounts import records, session_records
from iotd.accounts.changes import code_key
from iotd.accounts.model import Session, User, hash_secret, new_secret
from iotd.accounts.second_factor import (
    hash_recovery_code, new_recovery_codes, new_seed, step_of,
)
from iotd.accounts.shared import By
from iotd.store.seal import Sealer


@dataclass(frozen=True)
class Attempt:
    """A try whose password fits ``checked_hash``; ``code`` is from a telephone or a
    recovery code. ``new_hash`` replaces one made with outdated parameters."""

    by: By
    user_id: int
    checked_hash: str
    code: str | None
    origin: str
    agent: str
    replaces: str | None = None
    new_hash: str | None = None


@dataclass(frozen=True)
class Refused:
    """The account changed while its password was being checked."""


@dataclass(frozen=True)
class CodeNeeded:
    """No code, or a wrong one; ``seed`` is set while the account has no telephone."""

    user: User
    seed: str | None
    wrong: bool


@dataclass(frozen=True)
class SignedIn:
    """A new session; ``token`` and ``recovery_codes`` are told this once."""

    user: User
    session: Session
    token: str
    recovery_codes: list[str] | None

    def as_json(self) -> dict[str, Any]:
        """What the browser gets beside its cookie."""
        told: dict[str, Any] = {
            "id": self.session.id, "csrf": self.session.csrf,
            "name": self.user.name, "role": self.user.role,
        }
        if self.recovery_codes is not None:
            told["recovery_codes"] = self.recovery_codes
        return told


def begin_attempt(
    connection: Connection, name: str, account: str, origin: str, at: float
) -> User | None:
    """Count a try before anything else is done about it; gives whose it is."""
    session_records.add_attempt(connection, account, origin, at)
    return records.find_user(connection, name)


def sign_in(
    connection: Connection, sealer: Sealer, attempt: Attempt
) -> SignedIn | CodeNeeded | Refused:
    """Judge the code and make the session."""
    user = _unchanged(connection, attempt)
    if user is None:
        return Refused()
    codes = None
    if user.asks_for_code:
        answer = _judge_code(connection, sealer, user, attempt)
        if isinstance(answer, CodeNeeded):
            return answer
        codes = answer
    return _make_session(connection, user, attempt, codes)


def spend_code(
    connection: Connection, sealer: Sealer, user: User, code: str, now: float
) -> bool:
    """Whether this is an unspent code of the account, of either kind; spends it."""
    if user.totp_sealed is None:
        return False
    step = step_of(sealer.unseal(user.totp_sealed).decode(), code, now)
    if step is not None:
        return records.use_step(connection, user.id, step)
    return records.use_recovery_code(
        connection, user.id, hash_recovery_code(user.id, code), now
    )


def pending_seed(connection: Connection, sealer: Sealer, user: User) -> str:
    """The seed that waits to be confirmed; made when there is none."""
    if user.totp_pending_sealed is not None:
        return sealer.unseal(user.totp_pending_sealed).decode()
    return new_pending_seed(connection, sealer, user)


def new_pending_seed(connection: Connection, sealer: Sealer, user: User) -> str:
    """A new seed that waits to be confirmed, in place of any that did."""
    seed = new_seed()
    records.change_user(connection, user.id, totp_pending_sealed=sealer.seal(seed.encode()))
    return seed


def confirm_seed(
    connection: Connection, sealer: Sealer, user: User, code: str, by: By
) -> list[str] | None:
    """Turn the pending seed on; gives the new recovery codes, None for a wrong code."""
    if user.totp_pending_sealed is None:
        return None
    step = step_of(sealer.unseal(user.totp_pending_sealed).decode(), code, by.at)
    if step is None:
        return None
    records.change_user(
        connection, user.id, totp_sealed=user.totp_pending_sealed,
        totp_pending_sealed=None, totp_last_step=step,
    )
    by.audit(connection, "turn on second factor", user.name)
    return renew_recovery_codes(connection, user)


def renew_recovery_codes(connection: Connection, user: User) -> list[str]:
    """Ten new codes; those before are worth nothing any more."""
    codes = new_recovery_codes()
    hashes = [hash_recovery_code(user.id, code) for code in codes]
    records.replace_recovery_codes(connection, user.id, hashes)
    return codes


def _unchanged(connection: Connection, attempt: Attempt) -> User | None:
    """The account, unless it was shut out or got another password meanwhile."""
    user = records.find_user_by_id(connection, attempt.user_id)
    if user is None or user.disabled or user.password_hash != attempt.checked_hash:
        attempt.by.audit(connection, "log in", attempt.by.who, "changed meanwhile", "refused")
        return None
    return user


def _judge_code(
    connection: Connection, sealer: Sealer, user: User, attempt: Attempt
) -> list[str] | None | CodeNeeded:
    """CodeNeeded, or the recovery codes if this code turned the second factor on."""
    now, code = attempt.by.at, attempt.code
    if user.totp_sealed is not None:
        if code is not None and spend_code(connection, sealer, user, code, now):
            return None
        return _ask(connection, user, None, attempt)
    codes = confirm_seed(connection, sealer, user, code, attempt.by) if code else None
    return codes or _ask(connection, user, pending_seed(connection, sealer, user), attempt)


def _ask(
    connection: Connection, user: User, seed: str | None, attempt: Attempt
) -> CodeNeeded:
    wrong = attempt.code is not None
    if wrong:
        attempt.by.audit(connection, "log in", user.name, "wrong code", "refused")
    else:
        # the password was right, so this was no failed try
        session_records.forgive_attempts(
            connection, user.name.lower(), attempt.origin, attempt.by.at
        )
    return CodeNeeded(user, seed, wrong)


def _make_session(
    connection: Connection, user: User, attempt: Attempt, codes: list[str] | None
) -> SignedIn:
    at, token = attempt.by.at, new_secret()
    session = Session(
        hash_secret(token), user.id, user.name, user.role, new_secret(), at, at,
        attempt.by.address[:64], attempt.agent[:255],
    )
    session_records.add_session(connection, session)
    if attempt.replaces is not None:
        session_records.end_sessions(connection, [attempt.replaces])
    for key in (user.name.lower(), code_key(user.name)):
        session_records.forgive_attempts(connection, key, attempt.origin)
    attempt.by.audit(connection, "log in", user.name)
    user = records.change_user(
        connection, user.id, last_login_at=at,
        password_hash=attempt.new_hash or attempt.checked_hash,
    )
    return SignedIn(user, session, token, codes)
