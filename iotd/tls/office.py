"""Makes, renews and shows the site's own certificates; every method blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Sequence

from cryptography.hazmat.primitives.hashes import SHA256

from iotd.errors import Invalid
from iotd.times import rfc3339
from iotd.tls.folder import PAIRS, Folder, Kept
from iotd.tls.issuing import (
    BOARD_NAME, DAY, WEB_DAYS, Pair, is_signed_by, new_authority, new_boards, new_web,
)
from iotd.tls.names import checked, fitting, unique
from iotd.tls.pem import Faulty, readable_by_others

RENEW_DAYS = 30  # a server certificate that ends sooner is made anew
LEAST_DAYS = 1


@dataclass(frozen=True)
class Wish:
    """What somebody asks for: further names, names no longer, days, new ones in any case."""

    names: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    days: int | None = None
    renew: bool = False
    authority: bool = False  # a new one, whose ca.pem nobody has yet


@dataclass(frozen=True)
class Plan:
    """What is to be written, and which of it is new; ``kept`` None: all stays as it is."""

    made: tuple[str, ...]
    kept: Kept | None = None


class Office:
    """``own_names()`` are this host's names; ``public`` is the host of site.public_url."""

    def __init__(
        self, folder: Folder, site: str, public: str | None, own_names: Callable[[], Sequence[str]],
    ) -> None:
        self.folder, self._site = folder, site
        self._public, self._own_names = public, own_names

    def take(self, wish: Wish, now: float) -> tuple[str, ...]:
        """Make what is missing, due or wished for; what was made."""
        plan = self.plan(wish, now)
        self.carry_out(plan)
        return plan.made

    def carry_out(self, plan: Plan) -> None:
        """Write it; in effect for whoever reads from now on."""
        if plan.kept is not None:
            self.folder.write(plan.kept)

    def plan(self, wish: Wish, now: float) -> Plan:
        """What is missing, due or wished for, made and not written yet."""
        days = checked_days(wish.days) if wish.days is not None else self._days()
        given = self._given(wish)
        names = unique((*self._automatic(), *given))
        if not self.folder.exists or wish.authority:
            made: tuple[str, ...] = PAIRS
            authority = new_authority(self._site, now)
            server, boards = new_web(authority, names, now, days), new_boards(authority, now)
        else:
            authority = self._authority(now)
            server, new_server = self._kept(
                "server", authority, now, wish.renew or wish.days is not None, names,
                lambda: new_web(authority, names, now, days),
            )
            boards, new_board = self._kept(
                "boards", authority, now, wish.renew, (BOARD_NAME,),
                lambda: new_boards(authority, now),
            )
            made = ("server",) * new_server + ("boards",) * new_board
        if not made and given == self.folder.given():
            return Plan(())
        return Plan(made, Kept(authority, server, boards, given))

    def due(self, now: float) -> bool:
        """Whether our own server certificates end soon, or lack a name of this host."""
        if not self.folder.exists:
            return False
        pairs = [self.folder.read("server"), self.folder.read("boards")]
        wanted = {*self._automatic(), *self.folder.given()}
        return any(_ends_soon(pair, now) for pair in pairs) or not wanted <= {*pairs[0].names}

    def show(self, now: float) -> dict[str, Any]:
        """What there is and what is wrong with it; never a key."""
        found = {pair: self._describe(pair, now) for pair in PAIRS}
        return {
            "folder": str(self.folder.path), "exists": self.folder.exists,
            "given": list(self.folder.given()), **found,
        }

    def _describe(self, name: str, now: float) -> dict[str, Any]:
        try:
            pair = self.folder.read(name)
        except Faulty as wrong:
            return {"fault": str(wrong), "names": [], "ends_at": None, "days": None,
                    "fingerprint": ""}
        fault = None
        if pair.ends_at <= now:
            fault = "It has ended."
        elif readable_by_others(self.folder.files(name).key, 0o077):
            fault = f"Other users of this machine can read {name}.key: chmod 600 it."
        return {
            "fault": fault, "names": list(pair.names), "ends_at": str(rfc3339(pair.ends_at)),
            "days": int((pair.ends_at - now) // DAY), "fingerprint": _fingerprint(pair),
        }

    def _authority(self, now: float) -> Pair:
        try:
            authority = self.folder.read("ca")
        except Faulty as fault:
            raise Faulty(f"{fault} {_LOST}") from None
        if authority.ends_at < now + RENEW_DAYS * DAY:
            raise Faulty(f"The authority ends on {day_of(authority.ends_at)}. {_LOST}")
        return authority

    def _kept(
        self, name: str, authority: Pair, now: float, renew: bool, wanted: Sequence[str],
        make: Callable[[], Pair],
    ) -> tuple[Pair, bool]:
        """The pair that there is, or a new one where it does not do; and whether it is new."""
        try:
            pair = self.folder.read(name)
        except Faulty:
            return make(), True
        good = is_signed_by(pair.certificate, authority.certificate)
        if renew or not good or _ends_soon(pair, now) or {*pair.names} != {*wanted}:
            return make(), True
        return pair, False

    def _days(self) -> int:
        """As long as the one before, which somebody may have wanted short."""
        try:
            lifetime = self.folder.read("server").lifetime
        except Faulty:
            return WEB_DAYS
        return min(WEB_DAYS, max(LEAST_DAYS, round(lifetime / DAY) - 1))

    def _given(self, wish: Wish) -> tuple[str, ...]:
        without = {checked(name) for name in wish.without}
        names = (*self.folder.given(), *(checked(name) for name in wish.names))
        return unique(name for name in names if name not in without)

    def _automatic(self) -> tuple[str, ...]:
        public = fitting([self._public] if self._public else [])
        return tuple(dict.fromkeys((*self._own_names(), *public)))


_LOST = (
    "Put the file back from a copy; or make a new authority with `iotd cert --new-authority`,"
    " and then give its ca.pem to every browser and board again."
)


def checked_days(days: int) -> int:
    """How long the web's certificate is to be good; browsers take no longer one."""
    if not LEAST_DAYS <= days <= WEB_DAYS:
        raise Invalid(f"days is a number from {LEAST_DAYS} to {WEB_DAYS}.", "days")
    return days


def _ends_soon(pair: Pair, now: float) -> bool:
    """In its last thirty days; one that was made for less, in its last third."""
    return pair.ends_at < now + min(RENEW_DAYS * DAY, pair.lifetime / 3)


def day_of(at: float) -> str:
    """The day of a moment, in UTC."""
    return str(rfc3339(at))[:10]


def _fingerprint(pair: Pair) -> str:
    digits = pair.certificate.fingerprint(SHA256()).hex().upper()
    return ":".join(digits[at:at + 2] for at in range(0, len(digits), 2))
