"""What can go wrong between this machine and a board, told apart by what to do about it."""

from __future__ import annotations

from iotd.errors import Conflict, Unavailable


class NoBoard(Unavailable):
    """No port, or nobody answers on it: look at the cable and try again."""


class BoardGone(Unavailable):
    """The cable was pulled, or the board lost its power."""


class NoisyLine(Unavailable):
    """What arrives is not what was sent, also when it is sent again."""


class Restarted(NoisyLine):
    """The board has started anew meanwhile, by its watchdog or for want of power."""


class OutOfMemory(Unavailable):
    """The board has no memory left beside what runs on it; a soft reset frees it."""


class WrongBoard(Conflict):
    """It answers, and is none of ours."""


class NoRoom(Conflict):
    """Its flash is too full; ``needed`` and ``free`` are in bytes."""

    def __init__(self, needed: int, free: int) -> None:
        super().__init__(
            f"The board's flash is too full: {needed:,} bytes are needed and {free:,} are free."
            " Remove files of yours from it, or erase it with --anew."
        )
        self.needed, self.free = needed, free


class BadFlash(Conflict):
    """What was read back is not what was written."""


class NoContact(Unavailable):
    """It was written and restarted, and the daemon has not heard of it; waiting may help."""


class Refused(Conflict):
    """It was written and restarted, and will not come online before something is changed."""
