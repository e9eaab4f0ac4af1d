"""Accounts with a real store and real threads, a clock that tests turn, and quick hashes."""

from __future__ import annotations

from typing import Any, Awaitable, TypeVar

import pyotp
from argon2 import PasswordHasher
from twisted.internet import reactor
from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase

from iotd.accounts import records
from iotd.accounts.service import Accounts
from iotd.accounts.sign_in import SignedIn
from iotd.bus import Bus, SessionEnded
from iotd.errors import IotdError
from iotd.site.routes import Identity
from iotd.store.engine import Store
from iotd.store.seal import Sealer
from tests.databases import DatabaseTest, furnish

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "wet paint on tuesday"
START = 1_700_000_010.0  # ten seconds into a time step of codes
T = TypeVar("T")


class AccountsTest(DatabaseTest, TestCase):
    """``self.accounts``, started; ``self.now`` is the time; ``self.ended`` what ended."""

    hasher = QUICK
    sign_up = "approve"
    mailer: Any = None

    def setUp(self) -> None:
        self.now = START
        self.bus = Bus()
        self.ended: list[str] = []
        self.bus.subscribe(SessionEnded, lambda event: self.ended.append(event.session))
        furnish(self.data_dir(), self.url())
        self.store = Store(self.url(), self.data_dir(), reactor)
        self.store.open()
        self.sealer = Sealer(self.data_dir() / "secret.key")
        self.accounts = self.begin()
        self.addCleanup(lambda: self.store.close())
        self.addCleanup(lambda: self.accounts.stopService())

    def begin(self) -> Accounts:
        """Accounts as a new process finds them."""
        self.clock = Clock()
        accounts = Accounts(
            store=self.store, bus=self.bus, sealer=self.sealer, reactor=reactor,
            clock=self.clock, now=lambda: self.now, public_url="http://localhost:8080",
            site_name="Ward 3", hasher=self.hasher, sign_up=self.sign_up, mailer=self.mailer,
        )
        self.store.call(accounts.load)
        accounts.startService()
        return accounts

    async def restart(self) -> None:
        """End the process and begin another on the same store."""
        await self.accounts.stopService()
        await self.store.close()
        self.store = Store(self.url(), self.data_dir(), reactor)
        self.store.open()
        self.accounts = self.begin()

    async def add(self, name: str = "ann", role: str = "viewer") -> int:
        """An account with the usual password; its id."""
        made = await self.accounts.add_user(name, role, PASSWORD, "test")
        return int(made["id"])

    async def sign_in(
        self, name: str = "ann", otp: str | None = None, address: str = "10.0.0.1", **kw: Any
    ) -> SignedIn:
        """A session, with the usual password."""
        return await self.accounts.log_in(name, PASSWORD, otp, address, **kw)

    async def refused(self, waiting: Awaitable[Any], kind: type[IotdError] = IotdError) -> Any:
        """The error that something ends with."""
        try:
            result = await waiting
        except kind as error:
            return error
        raise self.failureException(f"not refused, but {result!r}")

    async def enrol(self, name: str) -> str:
        """Give an account a telephone; its seed. The code of now is spent."""
        refusal = await self.refused(self.sign_in(name))
        seed = str(refusal.extra["enrolment"]["secret"])
        await self.sign_in(name, self.code(seed))
        return seed

    def code(self, seed: str, steps: int = 0) -> str:
        """What the telephone shows now, or so many half minutes later."""
        return pyotp.TOTP(seed).at(self.now + 30 * steps)

    def who(self, signed_in: SignedIn) -> Identity | None:
        """Who the cookie of this session is taken for."""
        return self.accounts.sessions.identify(signed_in.token, self.now)

    async def audit(self) -> list[tuple[str, str, str, str]]:
        """Who, action, subject and result of every row, the oldest first."""
        rows = await self.store.read(records.list_audit, 1000)
        return [(r["who"], r["action"], r["subject"], r["result"]) for r in reversed(rows)]
