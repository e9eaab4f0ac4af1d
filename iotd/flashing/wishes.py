"""What a person wants of a board that is flashed, and who is asked for the rest."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Mapping, Protocol, Sequence

#: Hears the bytes done, of how many, and what is written now.
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Wishes:
    """Options as given; None is what was left open.

    ``settings`` lie over the preset's, ``image`` None is the pinned one, ``wifi`` is "ask",
    "keep" or ssid and password; ``anew`` writes MicroPython though it answers.
    """

    port: str | None = None
    kind: str | None = None
    id: str | None = None
    preset: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    image: Path | None = None
    no_image: bool = False
    anew: bool = False
    server: str | None = None
    wifi: str | Mapping[str, str] | None = None
    dry_run: bool = False


@dataclass(frozen=True)
class Choice:
    """One of several answers."""

    value: str
    title: str


class People(Protocol):
    """Who is asked and told; without a terminal a question is an error that names its option."""

    def choose(
        self, question: str, option: str, choices: Sequence[Choice], usual: bool = False
    ) -> str:
        """One of them; the first is the likeliest, and taken where nobody is asked if it is
        the ``usual`` one."""

    def text(self, question: str, option: str, default: str | None) -> str:
        """A word."""

    def secret(self, question: str, option: str) -> str:
        """A word that is not shown while it is typed; may be empty."""

    def agree(self, question: str, option: str) -> None:
        """Go on, or raise."""

    def say(self, sentence: str) -> None:
        """What is done now, for people alone."""

    def board_says(self, line: str) -> None:
        """A line that the board printed, without secrets."""

    def bar(self, title: str) -> AbstractContextManager[Progress]:
        """Shows bytes and seconds left."""


@dataclass(frozen=True)
class Standing:
    """Whether the board has the right key; else ``why`` a new one is no small thing, if so."""

    kept: bool = False
    why: str | None = None


class Daemon(Protocol):
    """The daemon that the board is for."""

    def standing(self, id: str, kind: str, proof: tuple[str, str] | None) -> Standing:
        """What it has to do with this board; ``proof`` is a nonce and the mac of it."""

    def key(self, id: str, kind: str, proof: tuple[str, str] | None, replace: bool) -> str | None:
        """A new key of 64 hex digits; None when ``proof`` shows that the board has the right
        one. Conflict when another board may have it, unless ``replace``."""

    def device(self, id: str) -> dict[str, Any] | None:
        """The device as the API shows it, None for an unknown one; NotRunning."""

    def wire(self, kind: str, tls: bool | None) -> tuple[int | None, bool]:
        """The port for this kind of board and whether it is encrypted."""

    def host(self, before: str | None) -> str:
        """Where boards find it: as before if that may be right; "" when nobody knows."""

    def authority(self) -> bytes:
        """The certificate for an encrypted wire, DER."""


class NotRunning(Exception):
    """The daemon does not run now."""


@dataclass(frozen=True)
class Outcome:
    """What came of it; ``state`` is online, unchanged, written or planned."""

    state: str
    message: str
    port: str
    machine: str = ""
    id: str = ""
    kind: str = ""
    version: str = ""
    build: int = 0
    slot: str = ""
    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    bytes: int = 0
    key: str = ""
    micropython: str = ""
    warnings: tuple[str, ...] = ()
