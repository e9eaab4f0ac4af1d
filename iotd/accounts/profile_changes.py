"""Changes of what is known of people: each one transaction, with its audit row.

Like ``changes`` they take a connection and never wait. A national id is sealed
before it is written and is in no audit row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from iotd.accounts import profile_records, records, reset_records
from iotd.accounts.audit_erasing import erase_account
from iotd.accounts.model import User
from iotd.accounts.profile_model import ACTIVE, ASKED, Profile, email_key
from iotd.accounts.shared import By
from iotd.errors import Conflict, NotFound, TooMany
from iotd.store.seal import Sealer

MOST_WAITING = 64
MOST_WAITING_OF_ONE = 8  # address
_ASK_LATER = 3600.0


@dataclass(frozen=True)
class Asked:
    """A sign-up whose fields are all in order; ``origin`` is what its address counts under."""

    name: str
    role: str
    email: str | None
    full_name: str
    national_id: str | None
    origin: str
    state: str


@dataclass(frozen=True)
class About:
    """What is to be known of a person: None leaves it as it is, "" takes it away."""

    email: str | None = None
    full_name: str | None = None


def sign_up(
    connection: Connection, sealer: Sealer, by: By, asked: Asked, password_hash: str
) -> tuple[User, Profile]:
    """A new account of somebody's own making. Conflict when the name is taken or there is
    nobody who could let it in, TooMany when enough wait already."""
    if not records.count_users(connection):
        raise Conflict("This site has no admin yet; its first account is made under /setup.")
    if asked.state == ASKED:
        _must_have_room(connection, asked.origin)
    user = records.add_user(connection, asked.name, asked.role, password_hash, by.at)
    sealed = sealer.seal(asked.national_id.encode()) if asked.national_id else None
    profile = profile_records.add_profile(
        connection, user.id, email=asked.email, full_name=asked.full_name, state=asked.state,
        national_id_sealed=sealed, asked_at=by.at, asked_from=asked.origin,
    )
    by.audit(connection, "sign up", user.name, f"role {user.role}")
    return user, _claimed_if_free(connection, profile)


def let_in(connection: Connection, by: By, user_id: int) -> Profile:
    """Let in somebody who asked; Conflict when that was done already."""
    user = _asking(connection, user_id)
    by.audit(connection, "let in", user.name, f"role {user.role}")
    profile = profile_records.change_profile(connection, user_id, state=ACTIVE)
    return _claimed_if_free(connection, profile)


def refuse(connection: Connection, by: By, user_id: int) -> User:
    """Remove the account of somebody who asked; Conflict when it was let in."""
    user = _asking(connection, user_id)
    by.audit(connection, "refuse sign-up", user.name, f"role {user.role}")
    records.remove_user(connection, user_id)
    erase_account(connection, by, user.name)
    return user


def drop_stale(connection: Connection, by: By, before: float) -> list[int]:
    """Remove the accounts that asked before then and were never answered."""
    stale = [
        one.user_id for one in profile_records.list_profiles(connection)
        if one.state == ASKED and one.asked_at is not None and one.asked_at <= before
    ]
    names = []
    for user_id in stale:
        user = records.get_user(connection, user_id)
        by.audit(connection, "sign-up not answered", user.name, f"role {user.role}")
        records.remove_user(connection, user_id)
        names.append(user.name)
    if names:
        erase_account(connection, by, *names)
    return stale


def verify(connection: Connection, by: By, user_id: int) -> Profile | None:
    """Vouch for a doctor; None when the account needs nobody to do so."""
    user = records.get_user(connection, user_id)
    if user.role != "doctor":
        raise Conflict(f"{user.name} is no doctor; only doctors are verified.")
    known = profile_records.find_profile(connection, user_id)
    if known is None or known.verified_at is not None:
        return known
    by.audit(connection, "verify doctor", user.name)
    return profile_records.change_profile(
        connection, user_id, verified_at=by.at, verified_by=by.who[:64]
    )


def reveal_national_id(connection: Connection, sealer: Sealer, by: By, user_id: int) -> str:
    """The number a doctor gave, or NotFound; that it was looked at is written down first."""
    user = records.get_user(connection, user_id)
    sealed = profile_records.sealed_national_id(connection, user_id)
    if sealed is None:
        raise NotFound(f"{user.name} gave no national id.")
    by.audit(connection, "see national id", user.name)
    return sealer.unseal(sealed).decode()


def change_about(connection: Connection, by: By, user_id: int, about: About) -> Profile | None:
    """What is known of a person then; Conflict when the e-mail is another account's."""
    known = profile_records.find_profile(connection, user_id)
    if about == About():
        return known
    if known is None:  # made by an admin or before profiles: nobody has to verify it
        known = profile_records.add_profile(
            connection, user_id, verified_at=by.at, verified_by=by.who[:64]
        )
    if about.email is not None:
        _set_email(connection, known, about.email)
        reset_records.end_tokens(connection, user_id, by.at)  # they went to another mailbox
    if about.full_name is not None:
        profile_records.change_profile(connection, user_id, full_name=about.full_name)
    told = [name for name in ("email", "full_name") if getattr(about, name) is not None]
    by.audit(
        connection, "change profile", records.get_user(connection, user_id).name, ", ".join(told)
    )
    return profile_records.get_profile(connection, user_id)


def _set_email(connection: Connection, known: Profile, email: str) -> None:
    if not email:
        profile_records.change_profile(connection, known.user_id, email=None, email_key=None)
    elif known.state == ASKED:  # it is theirs once they are let in
        profile_records.change_profile(connection, known.user_id, email=email)
    else:
        named = records.find_user(connection, email)
        if named is not None and named.id != known.user_id:
            raise Conflict("Another account has this e-mail address as its name.", "email")
        profile_records.claim(connection, known.user_id, email)


def _claimed_if_free(connection: Connection, profile: Profile) -> Profile:
    """With its e-mail claimed, unless it waits to be let in or another has the address."""
    if profile.state != ACTIVE or profile.email is None or profile.claimed:
        return profile
    taken: Any = profile_records.claimant(connection, profile.email)
    if taken is not None or records.find_user(connection, profile.email) is not None:
        return profile
    return profile_records.change_profile(
        connection, profile.user_id, email_key=email_key(profile.email)
    )


def _asking(connection: Connection, user_id: int) -> User:
    user = records.get_user(connection, user_id)
    known = profile_records.find_profile(connection, user_id)
    if known is None or known.state != ASKED:
        raise Conflict(f"{user.name} was let in already.")
    return user


def _must_have_room(connection: Connection, origin: str) -> None:
    waiting = [
        one for one in profile_records.list_profiles(connection) if one.state == ASKED
    ]
    of_this = sum(one.asked_from == origin for one in waiting)
    if len(waiting) >= MOST_WAITING or of_this >= MOST_WAITING_OF_ONE:
        raise TooMany(
            "Too many wait to be let in already; ask an admin, or try again later.", _ASK_LATER
        )
