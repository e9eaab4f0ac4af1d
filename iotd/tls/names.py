"""The names that a certificate is for: DNS names and addresses, as a browser compares them."""

from __future__ import annotations

import ipaddress
import re
from typing import Iterable

import idna

from iotd.errors import Invalid

MOST_NAMES = 100  # in one certificate; each handshake carries them all
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)\Z")


def checked(text: str) -> str:
    """A DNS name in small ASCII letters, or an address as it is written shortest; else Invalid."""
    name = text.strip().removesuffix(".")
    if "://" in name or "/" in name:
        raise Invalid(f"{_shown(text)} is an address of a page: give its host alone.", "name")
    address = _address(name)
    if address is not None:
        return address
    if "*" in name:
        raise Invalid(f"{_shown(text)}: give each name by itself, without a star.", "name")
    name = _ascii(name, text)
    labels = name.split(".")
    if not all(map(_LABEL.match, labels)) or len(name) > 253 or labels[-1].isdigit():
        raise Invalid(f"{_shown(text)} is neither a host's name nor an address.", "name")
    return name


def unique(names: Iterable[str]) -> tuple[str, ...]:
    """Each name once, in their order; Invalid when they are too many."""
    found = tuple(dict.fromkeys(names))
    if len(found) > MOST_NAMES:
        raise Invalid(
            f"{len(found)} names are too many for one certificate: {MOST_NAMES} at most.", "name"
        )
    return found


def fitting(names: Iterable[str]) -> tuple[str, ...]:
    """Those of what a machine calls itself that can stand in a certificate."""
    found = []
    for name in names:
        try:
            found.append(checked(name))
        except Invalid:
            continue
    return tuple(dict.fromkeys(found))


def is_address(name: str) -> bool:
    """Whether a checked name is an IP address."""
    return _address(name) is not None


def _address(name: str) -> str | None:
    bare = name[1:-1] if name.startswith("[") and name.endswith("]") else name
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return None
    if getattr(address, "scope_id", None):
        raise Invalid(f"{_shown(name)} is an address of one link: no browser takes it.", "name")
    return str(address)


def _ascii(name: str, text: str) -> str:
    """Names in other scripts as DNS has them: ``bücher.example`` is ``xn--bcher-kva.example``."""
    if name.isascii():
        return name.lower()
    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise Invalid(f"{_shown(text)} is neither a host's name nor an address.", "name") from None


def _shown(text: str) -> str:
    cut = text if len(text) <= 80 else text[:80] + "…"
    return repr(cut)
