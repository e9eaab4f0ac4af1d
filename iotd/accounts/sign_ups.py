"""Signing up, and what admins answer: let in, refuse, verify."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from iotd.accounts import profile_changes
from iotd.accounts.model import User, check_name, network
from iotd.accounts.passwords import check_password
from iotd.accounts.people import People
from iotd.accounts.people_mails import Letters
from iotd.accounts.post import Post
from iotd.accounts.profile_changes import Asked
from iotd.accounts.profile_model import (
    ACTIVE, ASKED, ASKED_FOR, Profile, check_asked_name, check_email, check_full_name,
    check_national_id,
)
from iotd.accounts.shared import Shared, to_its_end
from iotd.errors import Conflict, Denied, Invalid
from iotd.times import rfc3339

APPROVE, OPEN, CLOSED = "approve", "open", "closed"
ROLES = ("patient", "doctor")


@dataclass(frozen=True)
class Wanted:
    """What somebody typed who wants an account; nothing of it is checked."""

    role: str
    username: str
    password: str
    email: str | None = None
    full_name: str | None = None
    national_id: str | None = None


class SignUps:
    """``how``: "approve" (an admin lets each in), "open" (patients and doctors come in at
    once, doctors see nobody until they are verified) or "closed"."""

    def __init__(
        self, shared: Shared, people: People, post: Post, letters: Letters, how: str
    ) -> None:
        self._shared, self._people = shared, people
        self._post, self._letters, self.how = post, letters, how

    @to_its_end
    async def ask(self, wanted: Wanted, address: str = "") -> dict[str, Any]:
        """Make an account of somebody's own wish. Denied where signing up is closed,
        Conflict when the name is taken, TooMany.

        An e-mail that another account has is not told of: the account is made, the address
        opens the other one as before, and its owner gets a mail.
        """
        if self.how == CLOSED:
            raise Denied("Nobody can sign up here; ask an admin for an account.")
        asked = self._checked(wanted, network(address))
        self._shared.let_ask("sign up", address)
        if self._people.spelling(asked.name) is not None:
            raise Conflict("This name is taken; choose another.", "username")
        hashed = await self._shared.passwords.hash(wanted.password)
        by = self._shared.by(asked.name, address)
        made: tuple[User, Profile] = await self._shared.run_sealed(
            profile_changes.sign_up, by, asked, hashed
        )
        self._people.profiles.keep(made[1])
        self._people.keep(made[0])
        self._tell_owner(asked.email, made[0].id)
        return {"id": made[0].id, "name": asked.name, "role": asked.role, "state": asked.state}

    def _checked(self, wanted: Wanted, origin: str) -> Asked:
        if wanted.role not in ROLES:
            raise Invalid("One signs up as patient or as doctor.", "role")
        doctor = wanted.role == "doctor"
        if not doctor and not wanted.email:
            raise Invalid("An e-mail address is needed.", "email")
        if not doctor and wanted.national_id:
            raise Invalid("Only doctors are asked for a national id.", "national_id")
        name = check_asked_name(check_name(wanted.username, "username"))
        email = check_email(wanted.email) if wanted.email else None
        typed = wanted.full_name or ""
        full_name = check_full_name(typed) if doctor or typed else ""
        check_password(wanted.password, name)
        return Asked(
            name, wanted.role, email, full_name,
            check_national_id(wanted.national_id or "") if doctor else None,
            origin, ACTIVE if self.how == OPEN else ASKED,
        )

    def _tell_owner(self, email: str | None, user_id: int) -> None:
        owner = self._people.profiles.claimant(email) if email else None
        if email and owner is not None and owner != user_id:
            known = self._people.get(owner).name
            # to the address as its owner wrote it, not as a stranger did
            to = self._people.profiles.get(owner).email or email
            self._post.send(self._letters.taken(to, known), f"a mail to {known}")

    def waiting(self) -> list[dict[str, Any]]:
        """Who waits to be let in, by id; ``email_taken``: another account has the address."""
        return [self._shown(one) for one in self._people.profiles.asked()]

    def _shown(self, one: Profile) -> dict[str, Any]:
        user, profiles = self._people.get(one.user_id), self._people.profiles
        taken = one.email is not None and profiles.claimant(one.email) is not None
        return {
            "id": user.id, "name": user.name, "role": user.role, "email": one.email,
            "full_name": one.full_name, "national_id": one.has_national_id,
            "asked_at": rfc3339(one.asked_at), "address": one.asked_from, "email_taken": taken,
        }

    @to_its_end
    async def let_in(self, user_id: int, by: str, address: str = "") -> dict[str, Any]:
        """Let somebody in who asked; they get a mail if there is an address for it."""
        user = self._people.get(user_id)
        profile = await self._shared.store.run(
            profile_changes.let_in, self._shared.by(by, address), user_id
        )
        self._people.profiles.keep(profile)
        if profile.claimed:
            mail = self._letters.let_in(profile.email, user.name)
            self._post.send(mail, f"a mail to {user.name}")
        return self._people.shown(user_id)

    @to_its_end
    async def refuse(self, user_id: int, by: str, address: str = "") -> None:
        """Remove an account that asked."""
        self._people.get(user_id)
        await self._shared.store.run(
            profile_changes.refuse, self._shared.by(by, address), user_id
        )
        self._people.drop(user_id)

    @to_its_end
    async def verify(self, user_id: int, by: str, address: str = "") -> dict[str, Any]:
        """Vouch for a doctor; from then on patients can choose this one."""
        self._people.get(user_id)
        profile = await self._shared.store.run(
            profile_changes.verify, self._shared.by(by, address), user_id
        )
        if profile is not None:
            self._people.profiles.keep(profile)
        return self._people.shown(user_id)

    async def reveal(self, user_id: int, by: str, address: str = "") -> str:
        """The national id that a doctor gave; that an admin looked is audited."""
        self._people.get(user_id)
        revealed: str = await self._shared.run_sealed(
            profile_changes.reveal_national_id, self._shared.by(by, address), user_id
        )
        return revealed

    @to_its_end
    async def prune(self, now: float) -> None:
        """Drop what nobody answered in 30 days."""
        before = now - ASKED_FOR
        asked = self._people.profiles.asked()
        if any(one.asked_at is not None and one.asked_at <= before for one in asked):
            gone = await self._shared.store.run(
                profile_changes.drop_stale, self._shared.by("iotd"), before
            )
            for user_id in gone:
                self._people.drop(user_id)
