"""Accounts: who asks, and what of this room lives on the reactor."""

from __future__ import annotations

from typing import Any, Callable

from argon2 import PasswordHasher
from sqlalchemy import Connection
from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.web.http import Request

from iotd.accounts import profile_records, records, rights, session_records
from iotd.accounts.audit_log import AuditLog
from iotd.accounts.login import Login
from iotd.accounts.model import DAY, MINUTE, account_key, network
from iotd.accounts.own import OwnAccount
from iotd.accounts.own_profile import OwnProfile
from iotd.accounts.passwords import HASHER, Passwords
from iotd.accounts.people import People
from iotd.accounts.people_mails import Letters
from iotd.accounts.post import Post
from iotd.accounts.resets import Resets
from iotd.accounts.sessions import LiveSessions
from iotd.accounts.setup import SetupToken
from iotd.accounts.shared import Shared, to_its_end
from iotd.accounts.sign_in import SignedIn
from iotd.accounts.sign_ups import APPROVE, SignUps
from iotd.bus import Bus
from iotd.errors import Conflict, Denied
from iotd.mail import Mailer
from iotd.site.headers import COOKIE
from iotd.site.routes import Identity
from iotd.store.engine import Store
from iotd.store.seal import Sealer
from iotd.times import rfc3339

# how often uses are written down and old tries dropped
_FLUSH_EVERY = MINUTE
_PRUNE_EVERY = 10 * MINUTE
# how often the audit's newest link is written down outside the database
_KEEP_EVERY = 10.0


class Accounts(Service):
    """Everyone who may use iotd. Give :meth:`load` to the store before it starts."""

    _log = Logger()

    def __init__(
        self, *, store: Store, bus: Bus, sealer: Sealer, reactor: Any,
        now: Callable[[], float], public_url: str, site_name: str = "iotd",
        clock: Any = None, hasher: PasswordHasher = HASHER,
        sign_up: str = APPROVE, mailer: Mailer | None = None,
    ) -> None:
        self.sessions = LiveSessions(bus)
        self._shared = Shared(
            store, bus, sealer, Passwords(reactor, hasher), now, site_name, self.sessions
        )
        self._now = now
        self.audit_log = AuditLog(self._shared)
        self.public_url = public_url
        self._setup = SetupToken()
        self.passwords = self._shared.passwords
        self.people = People(self._shared)
        self.profiles = self.people.profiles
        self.login = Login(self._shared, self.people)
        self.own = OwnAccount(self._shared, self.people, self.login)
        self.own_profile = OwnProfile(self._shared, self.people, self.login)
        self.before_removal = self.people.before_removal
        letters = Letters(lambda: self.public_url, site_name)
        self.post = Post(mailer, now)
        self.sign_ups = SignUps(self._shared, self.people, self.post, letters, sign_up)
        self.resets = Resets(self._shared, self.people, self.post, letters)
        self._ticking = LoopingCall(self._guarded_tick)
        self._ticking.clock = clock or reactor
        self._flushed_at = self._pruned_at = self._kept_at = now()

    # life

    def load(self, connection: Connection) -> None:
        """Read everything that is asked of the memory later; before the reactor runs."""
        now = self._now()
        self.audit_log.load(connection)
        self.people.load(records.list_users(connection))
        self.profiles.load(profile_records.list_profiles(connection))
        known = session_records.list_sessions(connection)
        over = [session.id for session in known if session.expires_at <= now]
        session_records.end_sessions(connection, over)
        self.sessions.load(
            [session for session in known if session.id not in set(over)],
            session_records.list_tokens(connection),
        )
        self.login.load(connection, now)
        if not self.set_up():
            self._setup.renew(now)

    def startService(self) -> None:
        Service.startService(self)  # type: ignore[no-untyped-call]
        self._shared.passwords.start()
        self._ticking.start(1.0, now=False)

    def stopService(self) -> Deferred[None]:
        Service.stopService(self)  # type: ignore[no-untyped-call]
        if self._ticking.running:
            self._ticking.stop()
        return Deferred.fromCoroutine(self._finish())

    async def _finish(self) -> None:
        self.post.stop()
        await self.audit_log.keep()
        await self._shared.passwords.stop()
        await self._flush()

    def _guarded_tick(self) -> None:
        try:
            self.tick(self._now())
        except Exception:
            self._log.failure("looking after sessions failed")

    def tick(self, now: float) -> None:
        """What a second brings: ended sessions, a new set-up token, and less often
        the times of use into the store."""
        over = self.sessions.expired(now)
        if over:
            self.sessions.end(over)
            self._later(session_records.end_sessions, over)
        if self._setup.is_stale(now) or (not self.set_up() and self._setup.text is None):
            self._setup.renew(now)
            self.announce_setup()
        if now - self._flushed_at >= _FLUSH_EVERY:
            self._flushed_at = now
            Deferred.fromCoroutine(self._flush()).addErrback(self._log_failure)
        if now - self._kept_at >= _KEEP_EVERY:
            self._kept_at = now
            Deferred.fromCoroutine(self.audit_log.keep()).addErrback(self._log_failure)
        if now - self._pruned_at >= _PRUNE_EVERY:
            self._pruned_at = now
            self._prune(now)

    async def _flush(self) -> None:
        touched, used = self.sessions.take_uses()
        if touched or used:
            await self._shared.store.run(session_records.mark_seen, touched, used)

    def _prune(self, now: float) -> None:
        self.login.prune(now)
        self._later(session_records.prune_attempts, now - DAY)
        self.sign_ups.prune(now).addErrback(self._log_failure)

    def _later(self, function: Callable[..., Any], *args: Any) -> None:
        self._shared.store.run(function, *args).addErrback(self._log_failure)

    def _log_failure(self, failure: Any) -> None:
        self._log.failure("the store did not take what accounts had to write", failure=failure)

    # who asks (iotd.site.guard.Authenticator)

    def identify(self, request: Request, now: float) -> Identity | None:
        """Whose cookie or bearer token a request carries; a token outranks a cookie."""
        scheme, _, secret = (request.getHeader(b"authorization") or b"").partition(b" ")
        if scheme.lower() == b"bearer":
            return self.sessions.identify_token(secret.strip().decode("latin-1"), now)
        cookie: bytes | None = request.getCookie(COOKIE)  # type: ignore[no-untyped-call]
        if not cookie:
            return None
        return self.sessions.identify(cookie.decode("latin-1"), now)

    def may(self, identity: Identity | None, route_name: str, loopback: bool) -> bool:
        """Whether this one may call the route; ``loopback``: from this very machine."""
        return rights.may(identity.role if identity else None, route_name, loopback)

    def hears(self, identity: Identity | None, event_name: str) -> bool:
        """Whether a server-sent event of this name is for this one."""
        return identity is not None and rights.hears(identity.role, event_name)

    def still_valid(self, identity: Identity, now: float) -> bool:
        """Whether the session or token that opened a stream lives."""
        return self.sessions.still_valid(identity, now)

    def set_up(self) -> bool:
        """False until the first account exists."""
        return len(self.people) > 0

    # the first run

    @property
    def setup_token(self) -> str | None:
        """What opens ``/setup`` now; None once there is an account."""
        return None if self.set_up() else self._setup.text

    def setup_address(self, public_url: str | None = None) -> str | None:
        """The one-use address of the first run; None once there is an account."""
        if self.setup_token is None:
            return None
        return f"{(public_url or self.public_url).rstrip('/')}/setup?token={self.setup_token}"

    def announce_setup(self) -> None:
        """Log the set-up address while there is no account."""
        address = self.setup_address()
        if address is not None:
            self._log.info("no account yet; make the first one at {address}", address=address)

    @to_its_end
    async def make_first_admin(
        self, token: str, username: str, password: str, address: str = ""
    ) -> dict[str, Any]:
        """The admin account, against the set-up token. Conflict when there is an
        account, Denied for a wrong or old token, TooMany for many of those."""
        if self.set_up():
            raise Conflict("iotd is set up already; sign in instead.")
        by, origin = self._shared.by("?", address), network(address)
        key = account_key("set up", exists=False)
        await self.login.let_through(key, origin, by)
        if not self._setup.fits(token, by.at):
            await self._shared.store.run(
                records.write_audit, by.at, by.who, "set up", "", "wrong token", address, "refused"
            )
            raise Denied("This address is not valid any more; the log has the newest.", "token")
        self._shared.tries.forgive(key, origin, by.at)
        admin = await self.people.set_up(username, password, address)
        self._setup.end()
        return admin

    # for the command line and other rooms

    def log_in(self, *args: Any, **kwargs: Any) -> Deferred[SignedIn]:
        """See :meth:`iotd.accounts.login.Login.log_in`."""
        return self.login.log_in(*args, **kwargs)

    def tokens(self) -> list[dict[str, Any]]:
        """Every bearer token by name, without secrets."""
        return [token.as_json() for token in self.sessions.tokens()]

    async def audit(self, limit: int, after: int | None = None) -> list[dict[str, Any]]:
        """The newest rows of the audit, or those older than the row ``after``."""
        rows = await self._shared.store.read(records.list_audit, limit, after)
        return [{**row, "at": rfc3339(row["at"])} for row in rows]

    def users(self) -> list[dict[str, Any]]:
        """Every account by name, without secrets."""
        return self.people.all()

    def add_user(
        self, name: str, role: str, password: str | None, by: str,
        email: str | None = None, full_name: str | None = None,
    ) -> Deferred[dict[str, Any]]:
        """A new account; with "password" in it when none was given."""
        return self.people.add(name, role, password, by, "", email, full_name)

    @to_its_end
    async def reset_user(self, name: str, by: str) -> dict[str, Any]:
        """The account with its new "password"."""
        return await self.people.reset(self.people.named(name).id, by)

    def add_token(self, name: str, role: str, by: str) -> Deferred[dict[str, Any]]:
        """A new bearer token with its "secret"."""
        return self.people.add_token(name, role, by)
