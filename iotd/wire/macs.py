"""Addresses and badge numbers in one spelling each, and texts in which none can be read.

A MAC is 12 lower-case hex digits here: ``aabbccddeeff``. Badge numbers are upper-case hex.
"""

from __future__ import annotations

import re

#: Of what a gate sent so much is shown to people.
SAMPLE_CHARACTERS = 160
#: A value of so few characters holds no address: it is shown as it is.
PLAIN_CHARACTERS = 7
#: Numbers of more digits are not shown: an address can be written as one.
PLAIN_NUMBER = 10**6

_USUAL_MAC = re.compile(":".join(["[0-9a-f]{2}"] * 6))
_MAC = re.compile(
    r" *(?:[0-9a-f]{2}(?::[0-9a-f]{2}){5}|[0-9a-f]{2}(?:-[0-9a-f]{2}){5}"
    r"|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}|[0-9a-f]{12}) *",
    re.I | re.ASCII,
)
_SEPARATORS = {ord(mark): None for mark in ":-. "}
_NOBODYS = ("000000000000", "ffffffffffff")
_LOCAL = frozenset("2367abef")
_UID = re.compile(r"[0-9A-F]{1,64}")
_WORD = re.compile(r"[0-9A-Za-z]+")
_LIKE_A_MAC = re.compile(r"[0-9a-f]{2}(?:[:.\-]?[0-9a-f]{2}){5,}", re.I)
_UNPRINTABLE = re.compile(r"[^ -~]")
_WORDS = frozenset(
    "boot seq ts direction seen mac rssi uid method entry exit rfid fingerprint face null true"
    " false NaN Infinity WiFi BSSID Signal dBm SSID online offline from to 0 1".split()
)


def normalise_mac(text: str) -> str:
    """12 lower-case hex digits of any usual spelling; ValueError says what is wrong."""
    if _USUAL_MAC.fullmatch(text):  # in half the time
        mac = text.replace(":", "")
    elif _MAC.fullmatch(text):
        mac = text.translate(_SEPARATORS).lower()
    else:
        raise ValueError("is no MAC address such as aa:bb:cc:dd:ee:ff")
    if mac in _NOBODYS:
        raise ValueError("is an address that no device has")
    return mac


def is_local(mac: str) -> bool:
    """Whether a normalised MAC was made up by its device (its local bit is set)."""
    return mac[1] in _LOCAL


def spell_mac(mac: str) -> str:
    """A normalised MAC as people and gates write it: aa:bb:cc:dd:ee:ff."""
    return ":".join(re.findall("..", mac))


def normalise_uid(text: str) -> str:
    """1 to 64 upper-case hex digits of a badge's number; ValueError says what is wrong."""
    uid = text.translate(_SEPARATORS).upper()
    if not _UID.fullmatch(uid):
        raise ValueError("is no badge number of 1 to 64 hex digits")
    return uid


def masked(text: str) -> str:
    """The text in one line, at most 160 characters, with an x for all but its usual words.

    So it shows the form of what came, and neither addresses nor numbers in any spelling.
    """
    cut = _UNPRINTABLE.sub("?", text[:SAMPLE_CHARACTERS])
    return _WORD.sub(_mask, cut) + ("..." if len(text) > SAMPLE_CHARACTERS else "")


def masked_sample(payload: bytes) -> str:
    """The beginning of a message as :func:`masked` shows it."""
    sample = payload[:SAMPLE_CHARACTERS].decode("ascii", "replace")
    more = f" ({len(payload)} bytes)" if len(payload) > SAMPLE_CHARACTERS else ""
    return masked(sample) + more


def without_macs(text: str) -> str:
    """The text with an x for each digit of what may be an address, or a key."""
    return _LIKE_A_MAC.sub(lambda found: _WORD.sub(_mask, found.group()), text)


def show(value: object) -> str:
    """A JSON value for a sentence: short ones as they are, others masked, cut or named."""
    if isinstance(value, str):
        short = len(value) <= PLAIN_CHARACTERS
        return ascii(value) if short else f"'{masked(value[:40])}' ({len(value)} characters)"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return _show_number(value)


def _show_number(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    assert isinstance(value, (int, float))
    if abs(value) < PLAIN_NUMBER:
        return f"{value:.6g}"
    return "a number beyond a million" if value > 0 else "a number below minus a million"


def _mask(found: re.Match[str]) -> str:
    word = found.group()
    return word if word in _WORDS else "x" * len(word)
