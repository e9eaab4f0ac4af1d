"""The hardware watchdog: a board that hangs starts again by itself."""

SLICE_MS = 1000


class Watchdog:
    """feed() often; ``wdt`` is a machine.WDT, or None where there is none."""

    def __init__(self, wdt, clock):
        self._wdt = wdt
        self._clock = clock

    def feed(self) -> None:
        """Say that the loop is alive."""
        if self._wdt is not None:
            self._wdt.feed()

    def sleep_ms(self, ms: int) -> None:
        """Sleep and stay fed, however long."""
        while ms > 0:
            self.feed()
            self._clock.sleep_ms(min(ms, SLICE_MS))
            ms -= SLICE_MS
        self.feed()


def open_watchdog(seconds: int, clock) -> Watchdog:
    """Arm the board's watchdog; 0 seconds means none. Once armed it can't be stopped."""
    if seconds == 0:
        return Watchdog(None, clock)
    from machine import WDT

    return Watchdog(WDT(timeout=seconds * 1000), clock)
