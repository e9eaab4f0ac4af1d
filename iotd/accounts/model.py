"""Rules of accounts as plain functions: names, roles, how long a session lives."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Any

from iotd.accounts.rights import ROLES
from iotd.errors import Invalid
from iotd.times import rfc3339

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

# ASCII only, so that "the same name" means the same on both databases and to
# every eye; 60 leaves room for a prefix where names are keys of 64 characters
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,59}")

_CLEAR = "abcdefghjkmnpqrstuvwxyz023456789"  # 32 of them: no i, l, o or 1

# who can see health data or change anything at all
_GUARDED_ROLES = frozenset({"admin", "doctor"})


@dataclass(frozen=True)
class Lifetime:
    """How long a session lives, in seconds: without use, and at most."""

    idle: float
    absolute: float


_GUARDED = Lifetime(idle=30 * MINUTE, absolute=12 * HOUR)
_OTHERS = Lifetime(idle=8 * HOUR, absolute=7 * DAY)


def lifetime(role: str) -> Lifetime:
    """The limits of a session of this role."""
    return _GUARDED if role in _GUARDED_ROLES else _OTHERS


def needs_second_factor(role: str) -> bool:
    """Whether this role must have a second factor."""
    return role in _GUARDED_ROLES


@dataclass(frozen=True)
class User:
    """One account as it is stored; times are Unix seconds, seeds are sealed."""

    id: int
    name: str
    role: str
    password_hash: str | None
    totp_sealed: str | None
    totp_pending_sealed: str | None
    totp_last_step: int | None
    disabled: bool
    created_at: float
    last_login_at: float | None

    @property
    def asks_for_code(self) -> bool:
        """Whether a password alone does not sign in."""
        return self.totp_sealed is not None or needs_second_factor(self.role)

    def as_json(self) -> dict[str, Any]:
        """What pages and scripts see of it: no hash, no seed."""
        return {
            "id": self.id, "name": self.name, "role": self.role, "disabled": self.disabled,
            "totp": self.totp_sealed is not None,
            "created_at": rfc3339(self.created_at), "last_login_at": rfc3339(self.last_login_at),
        }


@dataclass
class Session:
    """One signed-in browser. ``id`` is the hash of its token; times are Unix seconds."""

    id: str
    user_id: int
    name: str
    role: str
    csrf: str
    created_at: float
    seen_at: float
    address: str
    agent: str

    @property
    def expires_at(self) -> float:
        """When it will have been idle, or alive, for too long."""
        limits = lifetime(self.role)
        return min(self.seen_at + limits.idle, self.created_at + limits.absolute)

    def as_json(self, current: str | None = None) -> dict[str, Any]:
        """What its owner sees of it; ``current`` is the id of the one that asks."""
        return {
            "id": self.id, "address": self.address, "agent": self.agent,
            "created_at": rfc3339(self.created_at), "seen_at": rfc3339(self.seen_at),
            "current": self.id == current,
        }


@dataclass
class Token:
    """A bearer token for scripts, without its secret."""

    id: int
    name: str
    role: str
    secret_hash: str
    created_at: float
    created_by: str
    last_used_at: float | None

    @property
    def session(self) -> str:
        """What it holds open is known by this name."""
        return f"token:{self.id}"

    def as_json(self) -> dict[str, Any]:
        """What admins see of it."""
        return {
            "id": self.id, "name": self.name, "role": self.role, "created_by": self.created_by,
            "created_at": rfc3339(self.created_at), "last_used_at": rfc3339(self.last_used_at),
        }


def check_name(name: str, field: str = "name") -> str:
    """The name itself, or Invalid that says what a name may be."""
    if _NAME.fullmatch(name) is None:
        raise Invalid(
            "A name has 1 to 60 characters: letters a-z, digits and . _ @ -,"
            " and begins with a letter or digit.",
            field,
        )
    return name


def check_role(role: str) -> str:
    """The role itself, or Invalid that lists the five there are."""
    if role not in ROLES:
        raise Invalid(f"A role is one of {', '.join(ROLES)}.", "role")
    return role


def account_key(name: str, exists: bool) -> str:
    """What tries against a name are counted under; never the text of a name that
    nobody has, because people type their password into the wrong field."""
    if exists:
        return name.lower()
    return "?" + hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:32]


def network(address: str) -> str:
    """The address that tries are counted under: one IPv6 customer has a whole /64."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    prefix = int(parsed) >> 64 << 64
    return f"{IPv6Address(prefix)}/64"


def new_secret() -> str:
    """256 bits as 43 characters that need no quoting in URLs, headers or shells."""
    return secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    """What is stored of a 256-bit secret; being random it needs no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def new_password() -> str:
    """A password to be told over the phone: 80 bits as four groups of lower-case text."""
    return spell(secrets.token_bytes(10))


def spell(data: bytes) -> str:
    """Ten bytes as four groups of four letters and digits, none easily confused."""
    number = int.from_bytes(data, "big")
    letters = [_CLEAR[number >> shift & 31] for shift in range(0, len(data) * 8, 5)]
    groups = ["".join(letters[i:i + 4]) for i in range(0, len(letters), 4)]
    return "-".join(groups)
