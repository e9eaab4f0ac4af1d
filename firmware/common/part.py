"""A piece of hardware that may fail without taking the board with it."""

from common.errors import SensorError

#: After a fault: 1 s, then twice that, ... so that a dead part costs nothing.
RETRY_MS = 1000
MAX_RETRY_MS = 30000
#: Once it worked for so long the next fault is a new one.
WELL_MS = 60000

FAULTS = (OSError, SensorError)


class Part:
    """``open_it()`` gives the part, or raises OSError or SensorError; then it is tried again."""

    def __init__(self, name: str, open_it, clock, say=print):
        self._name = name
        self._open = open_it
        self._clock = clock
        self._say = say
        self._thing = None
        self._retry = 0
        self._since = clock.ticks_ms()
        #: What is wrong with it, in words; empty while all is well.
        self.fault = ""

    def get(self):
        """The part when it is there, else None; opens it when it is time to."""
        if self._thing is None and self._passed() >= self._retry:
            try:
                self._thing = self._open()
                self.fault = ""
            except FAULTS as problem:
                self.failed(problem)
            self._since = self._clock.ticks_ms()
        return self._thing

    def failed(self, problem) -> None:
        """It raised this: say so once, and open it anew after a while."""
        if self._thing is not None and self._passed() > WELL_MS:
            self._retry = 0
        self._thing = None
        self._retry = min(2 * self._retry or RETRY_MS, MAX_RETRY_MS)
        self._since = self._clock.ticks_ms()
        if str(problem) != self.fault:
            self.fault = str(problem)
            self._say("{}: {}".format(self._name, self.fault))

    def _passed(self) -> int:
        return self._clock.ticks_diff(self._clock.ticks_ms(), self._since)
