"""What a board tells of itself, every half minute; and the mark that its firmware is good.

    info fw=1.1.0 build=8 kind=camera chip=esp32s3 boot=9f2c11aa reset=update up=12 ...

New firmware is good once it reached the daemon: the board was let in, its first report is
sent, and something was heard after it. What was heard may be the answer to our ping.
"""

import gc
import os
import sys

from common.slots import here
from common.updater import Updater

EVERY_MS = 30000
#: What machine.reset_cause() gives -> the daemon's word.
_CAUSES = {"PWRON_RESET": "power", "HARD_RESET": "hard", "WDT_RESET": "watchdog",
           "DEEPSLEEP_RESET": "sleep", "SOFT_RESET": "soft"}
#: What we noted before we reset the board ourselves.
_WHY = {"crash": "crash", "ended": "crash", "nolink": "watchdog", "update": "update"}


class NoReporter:
    """For an app without a link, and before its link is made."""

    def started(self, wait_ms: int = 0) -> None:
        """The daemon let us in."""

    def poll(self, link) -> None:
        """Nothing to tell."""

    def hear(self, line: str) -> bool:
        """Nothing is about us."""
        return False

    def lost(self) -> None:
        """The link is gone."""


class Reporter:
    """For the serve loops: started(), then poll() and hear() again and again, then lost().

    ``link`` has tell(text), which sends a line, nudge(), which makes the other side say
    something, and ``heard``, which changes whenever something came. ``busy()`` is true
    while the board must not start anew, ``closing()`` is called before it does.
    """

    def __init__(self, settings, wifi, watchdog, clock, say=print, busy=None, closing=None,
                 boot: str = "", slots=None):
        self._wifi = wifi
        self._watchdog = watchdog
        self._clock = clock
        self._say = say
        self._closing = closing
        self._slots = slots or here()
        self._fixed = fixed(self._slots, boot or new_boot())
        self._tls = 1 if settings["server"].get("tls") else 0
        self._due = None
        self._seen = None  # what the link had heard when our first report was sent
        self._updater = Updater(settings, self._slots, watchdog, clock, say,
                                busy or (lambda: False), self._restart)

    def started(self, wait_ms: int = 0) -> None:
        """The daemon let us in; the first report goes out after so long."""
        self._due = self._clock.ticks_add(self._clock.ticks_ms(), wait_ms)
        self._seen = None

    def poll(self, link) -> None:
        """Whatever is due, at a moment when a line may be sent."""
        if self._due is None:
            return
        if self._seen is not None and link.heard != self._seen:
            self._good()
        now = self._clock.ticks_ms()
        if self._updater.news or self._clock.ticks_diff(now, self._due) >= 0:
            self._updater.news = False
            self._due = self._clock.ticks_add(now, EVERY_MS)
            self._report(link)
        self._updater.poll(link.tell)

    def hear(self, line: str) -> bool:
        """Whether this line of the daemon's was for us."""
        return self._updater.hear(line)

    def lost(self) -> None:
        """The link is gone."""
        self._due = self._seen = None
        self._updater.lost()

    def _report(self, link) -> None:
        trial = self._slots.on_trial()
        heard = link.heard
        link.tell("info " + " ".join(self._fixed + self._changing()))
        if trial:
            self._seen = heard
            link.nudge()

    def _good(self) -> None:
        self._seen = None
        if self._slots.healthy():
            self._say("update: this firmware is good")
            self._due = self._clock.ticks_ms()

    def _changing(self) -> list:
        gc.collect()
        told = ["up={}".format(self._watchdog.uptime_s()), "free={}".format(gc.mem_free())]
        rssi = self._wifi.rssi()
        if rssi is not None:
            told.append("rssi={}".format(rssi))
        last = self._slots.last()
        if last:
            told.append("last=" + last)
        told.append("tls={}".format(self._tls))
        return told

    def _restart(self) -> None:
        if self._closing is not None:
            self._closing()
        self._slots.reset("update")


def fixed(slots, boot: str) -> list:
    """What does not change while the board runs, as key=value."""
    told = {"fw": slots.version.get("version"), "build": slots.version.get("build"),
            "kind": slots.version.get("kind"), "chip": chip(), "boot": boot,
            "reset": reset_word(slots.why), "slot": slots.running or None,
            "mpy": getattr(sys.implementation, "_mpy", 0) & 0xFF}
    return ["{}={}".format(key, told[key]) for key in ("fw", "build", "kind", "chip", "boot",
                                                       "reset", "slot", "mpy")
            if told[key] is not None]


def new_boot() -> str:
    """An id for this start, 8 hex digits."""
    return "".join("{:02x}".format(byte) for byte in os.urandom(4))


def chip() -> str:
    """Such as esp32s3, out of "Generic ESP32S3 module with ESP32S3"."""
    words = getattr(sys.implementation, "_machine", "unknown").split()
    return "".join(letter for letter in words[-1].lower() if letter.isalpha() or letter.isdigit())


def reset_word(why: str) -> str:
    """Why this board started; ``why`` is what it noted before it reset itself."""
    import machine

    cause = machine.reset_cause()
    for name in _CAUSES:
        if cause == getattr(machine, name, None):
            word = _CAUSES[name]
            # Power that failed, or a watchdog that bit, came after the note
            return _WHY.get(why, word) if word in ("hard", "soft") else word
    return _WHY.get(why, "power")
