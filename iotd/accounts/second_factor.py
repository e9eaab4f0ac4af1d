"""Codes from a telephone (TOTP, RFC 6238) and the recovery codes beside them."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

import pyotp
import segno
from pyotp.exceptions import OTPVerificationError

from iotd.accounts.model import spell

_WINDOW = 1  # steps of 30 s before and after: telephones' clocks are that good
RECOVERY_CODES = 10


@dataclass(frozen=True)
class Enrolment:
    """What a telephone needs to make codes: as text, as address, as picture."""

    secret: str
    otpauth_uri: str
    qr_svg: str

    def as_json(self) -> dict[str, str]:
        """The shape that pages and scripts get."""
        return {
            "secret": self.secret, "otpauth_uri": self.otpauth_uri, "qr_svg": self.qr_svg
        }


def new_seed() -> str:
    """160 random bits in base32."""
    return pyotp.random_base32()


def enrolment(seed: str, account: str, site: str) -> Enrolment:
    """Takes about 10 ms for the picture: call it off the reactor."""
    uri = pyotp.TOTP(seed).provisioning_uri(name=account, issuer_name=site)
    picture = segno.make(uri, error="m").svg_data_uri(scale=4, dark="#000", light="#fff")
    return Enrolment(seed, uri, picture)


def step_of(seed: str, code: str, now: float) -> int | None:
    """The time step a code belongs to, or None when it is no code of about now."""
    digits = code.replace(" ", "")
    if re.fullmatch(r"[0-9]{6}", digits) is None:
        return None
    try:
        return pyotp.TOTP(seed).verify_and_get_timecode(
            digits, for_time=now, valid_window=_WINDOW
        )
    except OTPVerificationError:
        return None


def new_recovery_codes() -> list[str]:
    """Ten codes of 80 bits: too many to be guessed even from their hashes."""
    return [spell(secrets.token_bytes(10)) for _ in range(RECOVERY_CODES)]


def hash_recovery_code(user_id: int, code: str) -> str:
    """What is stored of a recovery code; spaces, dashes and case don't count."""
    plain = re.sub(r"[\s-]", "", code).lower()
    return hashlib.sha256(f"{user_id}:{plain}".encode("utf-8", "replace")).hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two texts are equal, in a time that says nothing about where they differ."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
