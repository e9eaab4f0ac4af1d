"""The way in: throttle, password, code, session, in this order."""

from __future__ import annotations

from sqlalchemy import Connection
from twisted.logger import Logger

from iotd.accounts.changes import code_key
from iotd.accounts.model import DAY, MINUTE, User, account_key, network
from iotd.accounts.people import People
from iotd.accounts.profile_model import email_key, same_name
from iotd.accounts.records import get_user
from iotd.accounts.second_factor import enrolment
from iotd.accounts.session_records import (
    add_attempt, end_sessions, forgive_attempts, known_addresses, list_attempts, prune_attempts,
)
from iotd.accounts.shared import By, Shared, to_its_end
from iotd.accounts.sign_in import (
    Attempt, CodeNeeded, Refused, SignedIn, begin_attempt, sign_in,
)
from iotd.errors import Denied, Invalid, TooMany, Unauthenticated

WRONG = "The name or the password is wrong."
WAITS = "The password is right, but an admin has to let you in first; try again later."
NO_CODE = "A code from your telephone is needed too."
WRONG_CODE = "This code is wrong, too old, or was used before."


class Login:
    """Signs people in."""

    _log = Logger()

    def __init__(self, shared: Shared, people: People) -> None:
        self._shared = shared
        self._people = people
        self._told_until: dict[str, float] = {}

    def load(self, connection: Connection, now: float) -> None:
        """Take over which tries the store remembers, and who is known from where."""
        prune_attempts(connection, now - DAY)
        for account, origin, at in list_attempts(connection, now - DAY):
            throttle = self._shared.codes if account.startswith("otp:") else self._shared.tries
            throttle.note(account, origin, at)
        for name, address in known_addresses(connection, now):
            self._shared.tries.befriend(name.lower(), network(address))

    @to_its_end
    async def log_in(
        self, username: str, password: str, otp: str | None = None,
        address: str = "", agent: str = "", replaces: str | None = None,
        email: str | None = None, full_name: str | None = None,
    ) -> SignedIn:
        """A new session, or Unauthenticated (``otp_required`` among its extras when
        only the code is missing), Denied for who was not let in yet, or TooMany. Ends the
        session it ``replaces``. ``username`` is the account's name or e-mail; what is given
        of ``email`` and ``full_name`` must be the account's."""
        shared, found = self._shared, self._people.sought(username)
        name = found.name if found is not None else username
        account, origin = account_key(name, found is not None), network(address)
        by = shared.by(found.name if found is not None else "?", address)
        await self.let_through(account, origin, by)
        user = await self._check_password(name, password, account, origin, by, email, full_name)
        await self._must_be_let_in(user, origin, By(user.name, by.at, address))
        if otp is not None and user.asks_for_code:
            await self.let_code_through(user, by)
        stored = str(user.password_hash)
        outcome = await shared.run_sealed(sign_in, Attempt(
            By(user.name, by.at, address), user.id, stored, otp, origin, agent, replaces,
            await self._rehashed(stored, password),
        ))
        signed_in = await self._settle(outcome, origin, by.at)
        await self._begin_session(signed_in, replaces)
        return signed_in

    async def let_through(self, account: str, origin: str, by: By) -> None:
        """Count a try and let it go on, or TooMany."""
        tries = self._shared.tries
        wait = tries.wait(account, origin, by.at)
        if wait > 0:
            await self._tell_locked(origin, by, wait)
            raise TooMany("Too many tries; wait a little.", wait)
        self._shared.passwords.must_have_room()
        tries.note(account, origin, by.at)

    async def _check_password(
        self, username: str, password: str, account: str, origin: str, by: By,
        email: str | None, full_name: str | None,
    ) -> User:
        """Whose password this is; the same time and words for a name nobody has, and for
        an e-mail or a full name of somebody else."""
        shared = self._shared
        user: User | None = await shared.store.run(
            begin_attempt, username, account, origin, by.at
        )
        stored = user.password_hash if user is not None and not user.disabled else None
        try:
            right = await shared.passwords.check(stored, password)
        except TooMany:  # nobody looked at it, so it is no failed try
            shared.tries.forgive(account, origin, by.at)
            raise
        if right and user is not None and self._is_of(user, email, full_name):
            return user
        await shared.store.run(_audit_refusal, by, "wrong name or password")
        raise Unauthenticated(WRONG)

    def _is_of(self, user: User, email: str | None, full_name: str | None) -> bool:
        """Whether what was typed beside the password is this account's."""
        known = self._people.profiles.get(user.id)
        if email and email_key(email.strip()) != email_key(known.email or ""):
            return False
        if not full_name or not full_name.strip():
            return True
        return same_name(full_name, self._people.profiles.name_of(user.id))

    async def _must_be_let_in(self, user: User, origin: str, by: By) -> None:
        if self._people.profiles.is_active(user.id):
            return
        account = user.name.lower()
        self._shared.tries.forgive(account, origin, by.at, also_address=False)
        await self._shared.store.run(_audit_waiting, by, account, origin)
        raise Denied(WAITS, state="asked")

    async def prove(
        self, user: User, password: str, by: By, what: str, field: str
    ) -> None:
        """That whoever is signed in knows the password too; Invalid, which counts as a
        failed try, or TooMany. ``what`` is the action that the audit names."""
        account, origin = user.name.lower(), network(by.address)
        await self.let_through(account, origin, by)
        stored = (await self._shared.store.read(get_user, user.id)).password_hash
        if not await self._shared.passwords.check(stored, password):
            await self._shared.store.run(_audit_wrong_password, by, account, origin, what)
            raise Invalid(f"The {'old ' if field == 'old' else ''}password is wrong.", field)
        self._shared.tries.forgive(account, origin, by.at)

    async def let_code_through(self, user: User, by: By) -> tuple[str, str]:
        """Count a try of a code, or TooMany; gives what it is counted under."""
        key, origin = code_key(user.name), network(by.address)
        wait = self._shared.codes.wait(key, origin, by.at)
        if wait > 0:
            await self._tell_locked(origin, by, wait)
            raise TooMany("Too many wrong codes; wait a little.", wait)
        self._shared.codes.note(key, origin, by.at)
        await self._shared.store.run(add_attempt, key, origin, by.at)
        return key, origin

    async def _rehashed(self, stored: str, password: str) -> str | None:
        if not self._shared.passwords.is_outdated(stored):
            return None
        return await self._shared.passwords.hash(password)

    async def _settle(
        self, outcome: SignedIn | CodeNeeded | Refused, origin: str, at: float
    ) -> SignedIn:
        if isinstance(outcome, Refused):
            raise Unauthenticated(WRONG)
        account = outcome.user.name.lower()
        if isinstance(outcome, CodeNeeded):
            if not outcome.wrong:
                self._shared.tries.forgive(account, origin, at, also_address=False)
            raise await self._code_needed(outcome)
        self._shared.tries.forgive(account, origin)
        self._shared.tries.befriend(account, origin)
        self._shared.codes.forgive(code_key(account), origin)
        return outcome

    async def _code_needed(self, outcome: CodeNeeded) -> Unauthenticated:
        extra = {}
        if outcome.seed is not None:
            shown = await self._shared.passwords.run(
                enrolment, outcome.seed, outcome.user.name, self._shared.site_name
            )
            extra["enrolment"] = shown.as_json()
        message = WRONG_CODE if outcome.wrong else NO_CODE
        return Unauthenticated(message, "otp", otp_required=True, **extra)

    async def _tell_locked(self, origin: str, by: By, wait: float) -> None:
        """Record once a minute that somebody must wait, not each of 10,000 tries."""
        if self._told_until.get(origin, 0.0) > by.at:
            return
        self._told_until[origin] = by.at + max(wait, MINUTE)
        self._log.warn(
            "{who} must wait {wait} s after too many failed sign-ins from {address}",
            who=by.who, wait=round(wait), address=by.address,
        )
        await self._shared.store.run(_audit_refusal, by, "too many tries", "locked")

    async def _begin_session(self, signed_in: SignedIn, replaces: str | None) -> None:
        sessions = self._shared.sessions
        self._people.keep(signed_in.user)
        sessions.add(signed_in.session)
        if replaces is not None:
            sessions.end([replaces])
        surplus = sessions.surplus(signed_in.user.id)
        if surplus:
            sessions.end(surplus)
            await self._shared.store.run(end_sessions, surplus)

    def prune(self, now: float) -> None:
        """Forget tries that no limit looks at any more, and who was told to wait."""
        for throttle in (self._shared.tries, self._shared.codes, self._shared.asks):
            throttle.prune(now)
        self._told_until = {
            origin: until for origin, until in self._told_until.items() if until > now
        }


def _audit_refusal(
    connection: Connection, by: By, detail: str, result: str = "refused"
) -> None:
    by.audit(connection, "log in", by.who, detail, result)


def _audit_waiting(connection: Connection, by: By, account: str, origin: str) -> None:
    forgive_attempts(connection, account, origin, by.at)
    by.audit(connection, "log in", by.who, "not let in yet", "refused")


def _audit_wrong_password(
    connection: Connection, by: By, account: str, origin: str, what: str
) -> None:
    add_attempt(connection, account, origin, by.at)
    by.audit(connection, what, by.who, "wrong password", "refused")
