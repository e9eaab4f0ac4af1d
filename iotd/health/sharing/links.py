"""Opening links: no account is needed, so every try is counted and every opening written down.

    Links(shares, sections)

What a token opens is found by its hash. A link that is unknown, expired, revoked, locked or
used up is one and the same NotFound. The opening counts, and is answered, once what it shows
was read and the audit of it is on disk.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from twisted.logger import Logger

from iotd.accounts.model import hash_secret, network
from iotd.accounts.shared import By, to_its_end
from iotd.accounts.throttle import Throttle
from iotd.errors import NotFound, TooMany, Unauthenticated
from iotd.health.sections import Sections
from iotd.health.sharing import model, records
from iotd.health.sharing.model import MOST_WRONG, Share
from iotd.health.sharing.service import Shares
from iotd.times import rfc3339

NOTHING = "This link opens nothing: it never did, its time is over, or it was taken back."
ACTION = "open link"
SAID_ONCE = 900.0  # seconds in which tries of one dead link are told to its patient once
MOST_SAID = 10_000


class Links:
    """Opens links."""

    _log = Logger()

    def __init__(self, shares: Shares, sections: Sections) -> None:
        self._shares, self._sections = shares, sections
        self.guesses = Throttle(model.GUESSES)
        self._openings = Throttle(model.OPENINGS)
        self._checking: Counter[str] = Counter()  # passcodes under way, by link
        self._said: dict[str, float] = {}

    @to_its_end
    async def open(
        self, token: str, passcode: str | None = None, address: str = ""
    ) -> dict[str, Any]:
        """What the link of this token shows. NotFound; Unauthenticated with
        ``passcode_required`` for a missing or wrong passcode; TooMany."""
        by = By("", self._shares.now(), address)
        share = self._find(token, by)
        self._count(share, by)
        await self._check_passcode(share, passcode, by)
        if not self._shares.patients.knows(share.patient):
            raise NotFound(NOTHING)
        shown = await self._read(share, by.at)
        opened = await self._keep_opening(share, by)
        return {
            **self._about(opened), **shown, "expires_at": rfc3339(opened.expires_at),
            "openings_left": opened.openings_left,
        }

    async def _read(self, share: Share, now: float) -> dict[str, Any]:
        return await self._sections.read(share.patient, share.sections, now)

    def _about(self, share: Share) -> dict[str, Any]:
        patient = self._shares.patients.patient(share.patient)
        shown = {"name": patient.name, "sex": patient.sex, "birth_date": patient.birth_date}
        return {"patient": shown, "sections": model.in_order(share.sections)}

    def _find(self, token: str, by: By) -> Share:
        """The link of a token; a right one is found however many wrong ones were tried."""
        share = self._shares.book.by_token(hash_secret(token))
        if share is not None and share.is_open(by.at):
            return share
        origin = network(by.address)
        wait = self.guesses.wait(origin, origin, by.at)
        if wait > 0:
            raise TooMany("Too many links that open nothing; wait a little.", wait)
        self.guesses.note(origin, origin, by.at)
        self.guesses.prune(by.at)
        if share is not None:
            self._note_dead(share, by)
        raise NotFound(NOTHING)

    def _count(self, share: Share, by: By) -> None:
        wait = self._openings.wait(share.id, share.id, by.at)
        if wait > 0:
            raise TooMany("This link is opened too often; wait a little.", wait)
        self._openings.note(share.id, share.id, by.at)
        self._openings.prune(by.at)

    async def _check_passcode(self, share: Share, passcode: str | None, by: By) -> None:
        if share.passcode_hash is None:
            return
        if passcode is None:
            raise _asked("This link needs its passcode.")
        # counted before it is looked at, so that many at once are no more than five
        if share.wrong_passcodes + self._checking[share.id] >= MOST_WRONG:
            raise TooMany("This passcode is being tried at this moment.", 1)
        self._checking[share.id] += 1
        try:
            if await self._shares.passwords.check(share.passcode_hash, passcode):
                return
            await self._keep_wrong(share, by)
        finally:
            self._checking[share.id] -= 1
            self._checking += Counter()  # without those at zero
        raise _asked("The passcode is wrong.")

    async def _keep_wrong(self, share: Share, by: By) -> None:
        def write(connection: Any) -> Share | None:
            known = records.count_wrong_passcode(connection, share.id)
            if known is not None:
                detail = f"wrong passcode, {known.wrong_passcodes} of {MOST_WRONG}"
                _by_link(share, by).audit(connection, ACTION, share.patient, detail, "refused",
                                          share.patient)
            return known

        self._shares.put(await self._shares.store.run(write))
        self._shares.tell(share, ACTION, _by_link(share, by))

    async def _keep_opening(self, share: Share, by: By) -> Share:
        who, at = _by_link(share, by), self._shares.now()
        detail = ", ".join(model.in_order(share.sections))

        def write(connection: Any) -> Share | None:
            opened = records.count_opening(connection, share.id, at)
            if opened is not None:
                who.audit(connection, ACTION, share.patient, detail, patient=share.patient)
            return opened

        opened: Share | None = await self._shares.store.run(write)
        if opened is None or not self._shares.patients.knows(share.patient):
            raise NotFound(NOTHING)
        self._shares.put(opened)
        self._shares.tell(opened, ACTION, who)
        return opened

    def _note_dead(self, share: Share, by: By) -> None:
        """Tell the patient that a link which is over was tried; not before the answer, which
        must take as long as for one that never was."""
        if 0 <= by.at - self._said.get(share.id, -SAID_ONCE) < SAID_ONCE:
            return
        if len(self._said) >= MOST_SAID:
            self._said.clear()
        self._said[share.id] = by.at
        state, who = share.state(by.at), _by_link(share, by)

        def write(connection: Any) -> None:
            who.audit(connection, ACTION, share.patient, state, "refused", share.patient)

        noted = self._shares.store.run(write)
        noted.addErrback(lambda f: self._log.warn("not noted: {why}", why=str(f.value)))


def _by_link(share: Share, by: By) -> By:
    return By(f"link {share.id}", by.at, by.address)


def _asked(message: str) -> Unauthenticated:
    return Unauthenticated(message, "passcode", passcode_required=True)
