"""Calibrating the scale at the board's console: an empty shelf, then a known mass.

    Ctrl-C, import calibrate, calibrate.main(), and Ctrl-D when it is done
"""

from scale import calibrated, store

#: Half a second of values, ten times over.
SETTLE_TRIES = 10
TRY_MS = 500


def calibrate(scale, clock, ask=input, say=print) -> bool:
    """Ask, measure and store; whether it was done. An empty answer ends it."""
    say("Calibration. Take everything off the scale.")
    ask("Then press Enter: ")
    empty = settled(scale, clock, say)
    if empty is None:
        return False
    while True:
        answer = ask("Put a known mass on it, and type its grams (Enter to give up): ").strip()
        if not answer:
            return False
        loaded = settled(scale, clock, say)
        try:
            found = calibrated(empty, 0 if loaded is None else loaded, float(answer))
        except ValueError as problem:
            say("No: {}".format(problem))
            continue
        if loaded is not None:
            store(found)
            say("Stored: {:.1f} counts a gram.".format(found.per_gram))
            return True


def settled(scale, clock, say):
    """A fresh median, or None when the scale gives none."""
    scale.restart()
    for _ in range(SETTLE_TRIES):
        until = clock.ticks_add(clock.ticks_ms(), TRY_MS)
        while clock.ticks_diff(until, clock.ticks_ms()) > 0:
            scale.poll()
            clock.sleep_ms(10)
        if scale.value() is not None:
            return scale.value()
    say("No: the scale gives no values. Look at the wires of the HX711.")
    return None


def main() -> None:
    """At the console of a cabinet that is wired up."""
    import time

    from cabinet_settings import load_settings
    from common.part import Part
    from common.watchdog import open_watchdog
    from hx711 import open_hx711
    from scale import Scale

    settings = load_settings()
    if settings["watchdog_seconds"]:
        # What main.py armed can't be stopped, only given more time
        open_watchdog(600, time)
    converter = Part("scale", lambda: open_hx711(settings["scale"], time), time)
    calibrate(Scale(converter, None, time), time)
