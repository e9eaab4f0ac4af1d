"""What people do to their own account: password, second factor, sessions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from iotd.accounts import changes, records, session_records
from iotd.accounts.login import WRONG_CODE, Login
from iotd.accounts.model import User
from iotd.accounts.passwords import check_password
from iotd.accounts.people import People
from iotd.accounts.second_factor import Enrolment, enrolment
from iotd.accounts.shared import By, Shared, to_its_end
from iotd.accounts.sign_in import confirm_seed, new_pending_seed, renew_recovery_codes, spend_code
from iotd.errors import Denied, Invalid, NotFound
from iotd.site.routes import Identity
from iotd.store.seal import Sealer


class OwnAccount:
    """Acts of a signed-in person on the account that the session belongs to."""

    def __init__(self, shared: Shared, people: People, login: Login) -> None:
        self._shared = shared
        self._people = people
        self._login = login

    def show(self, who: Identity) -> dict[str, Any]:
        """The account as its owner sees it."""
        return self._user(who).as_json()

    def sessions(self, who: Identity) -> list[dict[str, Any]]:
        """Where this person is signed in, the newest first; a token has none."""
        if who.user_id is None:
            return []
        own = self._shared.sessions.of_user(who.user_id)
        return [session.as_json(who.session) for session in own]

    @to_its_end
    async def log_out(self, who: Identity, address: str = "") -> None:
        """End the session that asks."""
        self._user(who)
        await self._end(who, who.session, "log out", address)

    @to_its_end
    async def end_session(self, who: Identity, session_id: str, address: str = "") -> None:
        """End one of this person's sessions, or NotFound."""
        own = self._shared.sessions.of_user(self._user(who).id)
        if session_id not in [session.id for session in own]:
            raise NotFound("You have no such session.")
        await self._end(who, session_id, "end session", address)

    @to_its_end
    async def change_password(
        self, who: Identity, old: str, new: str, address: str = ""
    ) -> None:
        """Take a new password; all other sessions of the account end."""
        user, by = self._user(who), self._shared.by(who.name, address)
        check_password(new, user.name, "new")
        await self._login.prove(user, old, by, "change password", "old")
        hashed = await self._shared.passwords.hash(new)
        changed = await self._shared.store.run(
            changes.set_password, by, user.id, hashed, who.session
        )
        self._keep_only(who, changed)

    @to_its_end
    async def start_second_factor(
        self, who: Identity, otp: str | None = None, address: str = ""
    ) -> dict[str, str]:
        """A new secret for a telephone, on once a code confirms it. Who has one
        already must show a code of it, lest a stolen session changes the lock."""
        user, by = self._user(who), self._shared.by(who.name, address)
        if user.totp_sealed is not None:
            await self._spend(user, otp, by)
        seed = await self._shared.run_sealed(new_pending_seed, user)
        shown: Enrolment = await self._shared.passwords.run(
            enrolment, seed, user.name, self._shared.site_name
        )
        return shown.as_json()

    @to_its_end
    async def confirm_second_factor(
        self, who: Identity, otp: str, address: str = ""
    ) -> list[str]:
        """Turn the new secret on by a code of it; gives ten recovery codes. All other
        sessions of the account end."""
        user, by = self._user(who), self._shared.by(who.name, address)
        key, origin = await self._login.let_code_through(user, by)
        confirmed: tuple[list[str] | None, User] = await self._shared.run_sealed(
            _confirm, user.id, otp, by, who.session
        )
        codes, changed = confirmed
        if codes is None:
            raise Invalid(WRONG_CODE, "otp")
        self._shared.codes.forgive(key, origin, by.at)
        self._keep_only(who, changed)
        return codes

    @to_its_end
    async def new_recovery_codes(
        self, who: Identity, otp: str, address: str = ""
    ) -> list[str]:
        """Ten new recovery codes in place of those before, against a code."""
        user, by = self._user(who), self._shared.by(who.name, address)
        await self._spend(user, otp, by)
        codes: list[str] = await self._shared.store.run(_renew, user, by)
        return codes

    async def _spend(self, user: User, otp: str | None, by: By) -> None:
        if not otp:
            raise Invalid("A code from your telephone, or a recovery code, is needed.", "otp")
        key, origin = await self._login.let_code_through(user, by)
        if not await self._shared.run_sealed(_spend, user.id, otp, by):
            raise Invalid(WRONG_CODE, "otp")
        self._shared.codes.forgive(key, origin, by.at)

    async def _end(
        self, who: Identity, session_id: str, action: str, address: str
    ) -> None:
        # first the memory: nobody stays signed in because the store is away
        self._shared.sessions.end([session_id])
        by = self._shared.by(who.name, address)
        await self._shared.store.run(changes.end_session, by, session_id, action)

    def _keep_only(self, who: Identity, changed: User) -> None:
        self._shared.sessions.end_of(changed.id, keep=who.session)
        self._people.keep(changed)

    def _user(self, who: Identity) -> User:
        if who.user_id is None:
            raise Denied("A token has no account of its own; sign in with a name.")
        return self._people.get(who.user_id)


def _confirm(
    connection: Connection, sealer: Sealer, user_id: int, otp: str, by: By, keep: str
) -> tuple[list[str] | None, User]:
    user = records.get_user(connection, user_id)
    codes = confirm_seed(connection, sealer, user, otp, by)
    if codes is None:
        by.audit(connection, "turn on second factor", by.who, "wrong code", "refused")
    else:
        session_records.end_sessions_of(connection, user_id, keep)
    return codes, records.get_user(connection, user_id)


def _renew(connection: Connection, user: User, by: By) -> list[str]:
    by.audit(connection, "new recovery codes", user.name)
    return renew_recovery_codes(connection, user)


def _spend(connection: Connection, sealer: Sealer, user_id: int, otp: str, by: By) -> bool:
    user = records.get_user(connection, user_id)
    right = spend_code(connection, sealer, user, otp, by.at)
    if not right:
        by.audit(connection, "show a code", user.name, "wrong code", "refused")
    return right
