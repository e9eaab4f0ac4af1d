"""Rules of shares: what one opens, until when, and when it is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable

from iotd.accounts.common_passwords import is_common
from iotd.accounts.throttle import Window
from iotd.errors import Invalid
from iotd.health.sections import SECTIONS
from iotd.times import rfc3339

DAY = 86400.0
LINK, DOCTOR = "link", "doctor"

LINK_DAYS, MOST_LINK_DAYS = 7, 365
# to a doctor of one's own a week is too short and "for ever" is forgotten: asked again yearly
DOCTOR_DAYS, MOST_DOCTOR_DAYS = 365, 3650
MOST_OPENINGS = 1000
MOST_LABEL = 100
SHORTEST_PASSCODE, LONGEST_PASSCODE = 6, 128
MOST_WRONG = 5  # wrong passcodes, in all, that lock a link

MOST_OPEN = 50  # shares of one patient at a time ...
MOST_PAST = 200  # ... and those over that are still listed; the audit keeps all

# A token has 256 bits: guessing is hopeless anyway, this only keeps it from costing much.
GUESSES = (Window(20, 60.0), Window(200, 3600.0))  # wrong tokens of one address
OPENINGS = (Window(60, 60.0),)  # of one link: each is a row of the audit

OPEN, EXPIRED, REVOKED, LOCKED, USED_UP = "open", "expired", "revoked", "locked", "used up"


@dataclass(frozen=True)
class Share:
    """One consent as it is stored; times are Unix seconds, ``expires_at`` None: until revoked."""

    id: str
    patient: str
    kind: str
    sections: frozenset[str]
    doctor_id: int | None
    token_hash: str | None
    passcode_hash: str | None
    wrong_passcodes: int
    label: str
    created_at: float
    created_by: str
    expires_at: float | None
    most_openings: int | None
    openings: int
    last_opened_at: float | None
    revoked_at: float | None
    revoked_by: str | None

    def state(self, now: float) -> str:
        """"open", or why it opens nothing any more."""
        if self.wrong_passcodes >= MOST_WRONG:
            return LOCKED
        if self.revoked_at is not None:
            return REVOKED
        if self.expires_at is not None and now >= self.expires_at:
            return EXPIRED
        if self.most_openings is not None and self.openings >= self.most_openings:
            return USED_UP
        return OPEN

    def is_open(self, now: float) -> bool:
        """Whether it opens something."""
        return self.state(now) == OPEN

    @property
    def openings_left(self) -> int | None:
        """How often it can still be opened; None: as often as one likes."""
        if self.most_openings is None:
            return None
        return max(0, self.most_openings - self.openings)

    def why(self, now: float) -> str | None:
        """Why it is over, as a sentence for the patient; None while it is open."""
        return {
            OPEN: None,
            EXPIRED: "Its time is over.",
            REVOKED: f"Revoked by {self.revoked_by}.",
            LOCKED: f"Locked after {MOST_WRONG} wrong passcodes.",
            USED_UP: "Opened as often as it might be.",
        }[self.state(now)]

    def as_json(self, now: float) -> dict[str, Any]:
        """What its patient sees of it: neither token nor passcode."""
        return {
            "id": self.id, "kind": self.kind, "sections": in_order(self.sections),
            "state": self.state(now), "why": self.why(now), "label": self.label,
            "passcode": self.passcode_hash is not None, "created_at": rfc3339(self.created_at),
            "created_by": self.created_by, "expires_at": rfc3339(self.expires_at),
            "openings": self.openings, "openings_left": self.openings_left,
            "last_opened_at": rfc3339(self.last_opened_at),
            "revoked_at": rfc3339(self.revoked_at),
        }


def in_order(sections: Iterable[str]) -> list[str]:
    """Sections in their usual order, each once."""
    wanted = set(sections)
    return [section for section in SECTIONS if section in wanted]


def check_sections(sections: Iterable[str]) -> frozenset[str]:
    """The sections themselves, or Invalid that lists which there are."""
    wanted = frozenset(sections)
    if not wanted or not wanted <= set(SECTIONS):
        raise Invalid(f"sections are some of {', '.join(SECTIONS)}; at least one.", "sections")
    return wanted


def check_label(label: str) -> str:
    """The label itself, or Invalid that says what one may be."""
    label = label.strip()
    if len(label) > MOST_LABEL or not (label.isprintable() or not label):
        raise Invalid(f"A label has at most {MOST_LABEL} printable characters.", "label")
    return label


def check_passcode(passcode: str) -> str:
    """The passcode itself, or Invalid that says what one may be."""
    if not SHORTEST_PASSCODE <= len(passcode) <= LONGEST_PASSCODE:
        raise Invalid(
            f"The passcode has {len(passcode)} characters;"
            f" {SHORTEST_PASSCODE} to {LONGEST_PASSCODE} are allowed.", "passcode",
        )
    if is_common(passcode):
        raise Invalid("This passcode is among the first that are tried; take another.", "passcode")
    return passcode


def check_link_days(days: int | None) -> int:
    """For how many days a link opens, or Invalid: a link always ends."""
    if days is None or not 1 <= days <= MOST_LINK_DAYS:
        raise Invalid(f"A link is good for 1 to {MOST_LINK_DAYS} days.", "days")
    return days


def check_doctor_days(days: int | None) -> int | None:
    """For how many days a doctor is let in, None: until revoked; or Invalid."""
    if days is not None and not 1 <= days <= MOST_DOCTOR_DAYS:
        raise Invalid(
            f"A doctor is let in for 1 to {MOST_DOCTOR_DAYS} days, or null: until revoked.", "days"
        )
    return days
