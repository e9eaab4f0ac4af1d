"""The hardware watchdog: a board that hangs starts again by itself."""

from common.slots import here

SLICE_MS = 1000
#: A board that has something to do beside its link does it this often at least.
WORK_MS = 10
TRIAL_SECONDS = 60


class Watchdog:
    """feed() often; ``wdt`` is a machine.WDT, or None where there is none.

    ``work()`` is what the board does beside its link: sensors, buttons, lights.
    It is done whenever the watchdog is fed, so it goes on while the link waits,
    sleeps or is away. It must be short, and must not use the link. What it raises
    is said, once, and the link goes on.
    """

    def __init__(self, wdt, clock, work=None, say=print):
        self._wdt = wdt
        self._clock = clock
        self._work = work
        self._say = say
        self._fault = ""
        self._fed = clock.ticks_ms()
        self._up_ms = 0
        #: Nobody should wait longer than this without feeding.
        self.slice_ms = SLICE_MS if work is None else WORK_MS

    def feed(self) -> None:
        """Say that the loop is alive."""
        self.uptime_s()
        if self._wdt is not None:
            self._wdt.feed()
        if self._work is not None:
            try:
                self._work()
            except Exception as problem:
                self._tell(repr(problem))

    def uptime_s(self) -> int:
        """Seconds since this began; ticks wrap after 12 days, this does not."""
        now = self._clock.ticks_ms()
        self._up_ms += self._clock.ticks_diff(now, self._fed)
        self._fed = now
        return self._up_ms // 1000

    def _tell(self, fault: str) -> None:
        if fault != self._fault:
            self._fault = fault
            self._say("work: {}".format(fault))

    def sleep_ms(self, ms: int) -> None:
        """Sleep and stay fed, however long."""
        began = self._clock.ticks_ms()
        left = ms
        while left > 0:
            self.feed()
            self._clock.sleep_ms(min(left, self.slice_ms))
            left = ms - self._clock.ticks_diff(self._clock.ticks_ms(), began)
        self.feed()


def open_watchdog(seconds: int, clock, work=None) -> Watchdog:
    """Arm the board's watchdog; 0 seconds means none. Once armed it can't be stopped.

    Firmware on trial is always watched.
    """
    if seconds == 0 and here().on_trial():
        seconds = TRIAL_SECONDS
    if seconds == 0:
        return Watchdog(None, clock, work)
    from machine import WDT

    return Watchdog(WDT(timeout=seconds * 1000), clock, work)
