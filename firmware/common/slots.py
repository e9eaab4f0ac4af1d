"""The two places for firmware on a board, as main.py of the board's root runs them.

    /slot    a or b: the good one        /trial   "b 2": the other is tried, two tries left
    /last    how the last update ended   /why     why this board reset itself

Firmware that lies on the root runs in no slot, and can't be updated over the air.
"""

import json
import os
import sys

#: How often a new firmware is started before the old one comes back.
TRIES = 2


class Slots:
    """``root`` is "" on a board; ``path`` the way of imports, which begins with the slot's."""

    def __init__(self, root: str = "", path=sys.path):
        #: Stands before every path: "" on a board.
        self.root = root
        first = path[0] if path else ""
        #: Where this firmware runs from: a, b, or "" for the root.
        self.running = first[1:] if first in ("/a", "/b") else ""
        #: {"kind", "version", "build"} of this firmware, as far as it is known.
        self.version = self.version_in(self.running) if self.running else {}
        #: Why the board reset itself, if it did: told once, then forgotten.
        self.why = self.read("/why") if self.running else ""
        if self.why:
            self.remove("/why")

    @property
    def other(self) -> str:
        """The slot that new firmware goes into."""
        return "b" if self.running == "a" else "a"

    def on_trial(self) -> bool:
        """Whether this firmware has yet to show that it reaches the daemon."""
        return self.running != "" and self.read("/trial").partition(" ")[0] == self.running

    def settle(self) -> bool:
        """Make sure that this slot is the one to trust; False when flash won't have it."""
        if self.read("/slot") != self.running:
            self.write("/slot", self.running)
        if self.read("/slot") != self.running:
            return False
        self.remove("/trial")
        return True

    def begin_trial(self) -> None:
        """The other slot holds a whole new firmware: start it next time, and see."""
        told = "{} {}".format(self.other, TRIES)
        self.write("/trial", told)
        if self.read("/trial") != told:
            raise OSError("the flash takes nothing")

    def healthy(self) -> bool:
        """This firmware is the good one from now on; whether that is news.

        Power may go after any of the three: the order keeps each rest lawful.
        """
        if not self.on_trial():
            return False
        self.write("/last", "ok-{}".format(self.version.get("build", 0)))
        return self.settle()

    def refused(self, build: int, word: str) -> None:
        """Remember why an update was not taken."""
        told = "refused-{}-{}".format(build, word)
        self.write("/last", told)
        if self.read("/last") != told:
            self.remove("/last")  # FAT renames onto no other file; a word lost is no harm
            self.write("/last", told)

    def replaces(self) -> bool:
        """Whether a file takes another's place at one stroke: without that no try is counted."""
        for text in ("1", "2"):
            self.write("/probe", text)
        told = self.read("/probe")
        self.remove("/probe")
        self.remove("/probe.new")
        return told == "2"

    def last(self) -> str:
        """How the last update ended: ok-8, back-8-crash, refused-8-mac, or empty."""
        return self.read("/last")

    def reset(self, why: str) -> None:
        """Start again, and let the next start know why."""
        from machine import reset

        self.write("/why", why)
        reset()

    def read(self, path: str) -> str:
        """The text of a small file, empty when there is none."""
        try:
            with open(self.root + path) as file:
                return file.read(64).strip()
        except (OSError, ValueError):
            return ""

    def write(self, path: str, text: str) -> None:
        """Replace a small file at one stroke; what can't be written is not worth a board."""
        path = self.root + path
        try:
            with open(path + ".new", "w") as file:
                file.write(text)
            os.rename(path + ".new", path)
        except OSError as problem:
            print("slots: {}: {}".format(path, repr(problem)))

    def remove(self, path: str) -> None:
        """Be without that file."""
        try:
            os.remove(self.root + path)
        except OSError:
            pass  # it was not there

    def version_in(self, slot: str) -> dict:
        """What version.json of this slot says; {} when there is no such thing."""
        try:
            with open("{}/{}/version.json".format(self.root, slot)) as file:
                found = json.load(file)
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


_here = []


def here() -> Slots:
    """The slots of this board; made once, for ``why`` is told once."""
    if not _here:
        _here.append(Slots())
    return _here[0]
