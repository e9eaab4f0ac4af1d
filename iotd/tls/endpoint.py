"""Endpoint strings that begin with ``ssl:``, taken apart as Twisted does it.

Ours, because Twisted's reads the files once and for all. Without files of one's own,
those of the site's authority are meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from iotd.tls.pem import Files

# with their places in a string that names none, as Twisted's parser has them
_OPTIONS = (
    "port", "privateKey", "certKey", "sslmethod", "interface", "backlog", "extraCertChain",
    "dhParameters",
)


@dataclass(frozen=True)
class TlsEndpoint:
    """Where to listen; ``files`` None: with the site's own certificates."""

    port: int
    interface: str = ""
    backlog: int | None = None
    files: Files | None = None


def is_tls(text: str) -> bool:
    """Whether an endpoint string is one of these."""
    return text.startswith("ssl:")


def parse(text: str) -> TlsEndpoint:
    """The endpoint; ValueError with a reason for people."""
    given: dict[str, str] = {}
    places = iter(_OPTIONS)
    for name, value in _parts(text.partition(":")[2]):
        if name is None and (name := next(places, None)) is None:
            raise ValueError("it has too many parts")
        if name not in _OPTIONS:
            raise ValueError(f"it has no option {name!r}")
        given[name] = value
    return TlsEndpoint(
        _number("port", given.get("port")), given.get("interface", ""),
        _number("backlog", given["backlog"]) if "backlog" in given else None, _files(given),
    )


def _files(given: dict[str, str]) -> Files | None:
    key = given.get("privateKey") or given.get("certKey")
    certificate = given.get("certKey") or given.get("privateKey")
    more = {
        name: Path.cwd() / given[option]
        for name, option in (("chain", "extraCertChain"), ("dh", "dhParameters"))
        if given.get(option)
    }
    if not key or not certificate:
        if more:
            raise ValueError("it names a chain or DH parameters, but no privateKey")
        return None
    return Files(Path.cwd() / key, Path.cwd() / certificate, **more)


def _number(option: str, text: str | None) -> int:
    if not text:
        raise ValueError(f"it names no {option}" if text is None else f"its {option} is empty")
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{text!r} is not a number")
    return int(text[:9])


def _parts(text: str) -> Iterator[tuple[str | None, str]]:
    """``a:b=c`` as (None, "a"), ("b", "c"); a backslash takes the next character as it is."""
    name: str | None = None
    word = ""
    letters = iter(text)
    for letter in letters:
        if letter == "\\":
            word += next(letters, "\\")
        elif letter == "=" and name is None:
            name, word = word, ""
        elif letter == ":":
            yield name, word
            name, word = None, ""
        else:
            word += letter
    yield name, word
