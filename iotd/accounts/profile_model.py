"""Rules of what is known of people beyond their account: e-mail, full name, who is verified."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from iotd.accounts.model import DAY
from iotd.errors import Invalid
from iotd.times import rfc3339

ASKED, ACTIVE = "asked", "active"
ASKED_FOR = 30 * DAY  # seconds after which an unanswered sign-up is dropped

# ZERO WIDTH (NON-)JOINER: names of Persian, Sinhala and Malayalam are written with them
_JOINERS = str.maketrans("", "", "\u200c\u200d")

LONGEST_EMAIL = 254  # RFC 5321, 4.5.3.1.3
LONGEST_NAME = 100
LONGEST_ID = 40

# What a browser takes in <input type=email>, by the HTML standard's own pattern. ASCII
# only: not every mail server takes other letters, and one address must be one address.
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})*")


@dataclass(frozen=True)
class Profile:
    """What is known of one person; times are Unix seconds.

    ``claimed``: the e-mail is this account's alone, and opens it. ``state`` is "asked"
    until an admin lets the account in. The national id itself is never held in memory.
    """

    user_id: int
    email: str | None = None
    claimed: bool = False
    full_name: str = ""
    has_national_id: bool = False
    state: str = ACTIVE
    asked_at: float | None = None
    asked_from: str = ""
    verified_at: float | None = None
    verified_by: str | None = None

    def as_json(self, verified: bool) -> dict[str, Any]:
        """What its owner and admins see of it beside the account."""
        return {
            "email": self.email, "full_name": self.full_name, "state": self.state,
            "verified": verified, "national_id": self.has_national_id,
            "asked_at": rfc3339(self.asked_at),
        }


def check_email(email: str, field: str = "email") -> str:
    """The address itself, or Invalid."""
    if len(email) > LONGEST_EMAIL or _EMAIL.fullmatch(email) is None:
        raise Invalid(
            "This is no e-mail address such as ann@example.org"
            f" (at most {LONGEST_EMAIL} characters, without spaces).", field,
        )
    return email


def email_key(email: str) -> str:
    """What tells two addresses apart: servers that mind the case of letters are not met."""
    return email.lower()


def check_full_name(name: str, field: str = "full_name") -> str:
    """A person's name, in any script, with single spaces; or Invalid."""
    plain = " ".join(unicodedata.normalize("NFC", name).split())
    seen = plain.translate(_JOINERS)
    if not seen or len(plain) > LONGEST_NAME or not seen.isprintable():
        raise Invalid(
            f"A full name has 1 to {LONGEST_NAME} characters on one line.", field
        )
    return plain


def same_name(one: str, other: str) -> bool:
    """Whether two spellings are one name: neither case nor spaces count."""
    return _folded(one) == _folded(other)


def check_national_id(text: str, field: str = "national_id") -> str:
    """The number as it is printed on the paper, or Invalid."""
    plain = " ".join(unicodedata.normalize("NFKC", text).split())
    if not 4 <= len(plain) <= LONGEST_ID or not all(c.isalnum() or c in " -./" for c in plain):
        raise Invalid(
            f"A national id has 4 to {LONGEST_ID} letters and digits, perhaps with . - / between.",
            field,
        )
    return plain


def check_asked_name(name: str, field: str = "username") -> str:
    """A name that somebody asks for, or Invalid: it must not look like another's address."""
    if "@" in name:
        raise Invalid("A user name has no @ in it; the e-mail has its own field.", field)
    return name


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
