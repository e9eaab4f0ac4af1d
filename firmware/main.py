"""The boot selector: runs one of the two firmwares on this board, /a or /b.

    /slot    a or b: the good one        /trial   "b 2": the other is tried, two tries left
    /last    how the last update ended   /why     why this board reset itself

It is never updated over the air, so it is small and takes nothing from the slots. What
it finds missing, empty or rubbish it does without.
"""

import json
import os
import sys
import time

#: A good firmware that fell over starts again after this; Ctrl-C keeps the console.
AGAIN_MS = 30000
#: A firmware on trial that has not reached the daemon by then is started once more.
TRIAL_MS = 300000
#: Until the firmware on trial arms the watchdog for itself.
HANG_MS = 120000


def read(path: str) -> str:
    """The first word or two of a file; empty when there are none."""
    try:
        with open(path) as file:
            return file.read(64).strip()
    except (OSError, ValueError):
        return ""


def write(path: str, text: str) -> None:
    """Replace a file at one stroke."""
    with open(path + ".new", "w") as file:
        file.write(text)
    os.rename(path + ".new", path)


def remove(path: str) -> None:
    """Be without that file."""
    try:
        os.remove(path)
    except OSError:
        pass  # it was not there


def there(slot: str, *names: str) -> bool:
    """Whether one of these files is in the slot."""
    try:
        found = os.listdir("/" + slot)
    except OSError:
        return False
    return any(name in found for name in names)


def runs(slot: str) -> bool:
    """Whether this slot has something to start."""
    return there(slot, "main.py", "main.mpy")


def good() -> str:
    """The slot to trust, or "" when there is none; version.json is written last."""
    told = read("/slot")
    if told in ("a", "b") and runs(told):
        return told
    for slot in ("a", "b"):
        if runs(slot) and there(slot, "version.json"):
            return slot
    return "a" if runs("a") else "b" if runs("b") else ""


def build_of(slot: str) -> int:
    """The number of the firmware in this slot, 0 when nobody knows."""
    try:
        with open("/{}/version.json".format(slot)) as file:
            return int(json.load(file)["build"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def trial(trusted: str) -> str:
    """The slot to try now, one try fewer left; "" when none is on trial (any more)."""
    text = read("/trial")
    slot, _, left = text.partition(" ")
    fits = slot in ("a", "b") and slot != trusted and runs(slot) and left in ("0", "1", "2", "3")
    try:
        if fits and left != "0":
            write("/trial", "{} {}".format(slot, int(left) - 1))
            return slot
        if fits:
            write("/last", "back-{}-{}".format(build_of(slot), why()))
    except OSError:
        pass  # what can't be counted is not tried
    remove("/trial")
    return ""


def why() -> str:
    """Why the last try ended: crash, ended, nolink, hang or power."""
    import machine

    if machine.reset_cause() == getattr(machine, "WDT_RESET", None):
        return "hang"
    told = read("/why")
    return told if told in ("crash", "ended", "nolink") else "power"


def reset(reason: str) -> None:
    """Start again, and let the next start know why."""
    import machine

    try:
        write("/why", reason)
    except OSError:
        pass  # a full flash must not keep the board down
    machine.reset()


def guard() -> None:
    """See to it that a firmware on trial can't keep the board, whatever it does."""
    import machine

    machine.WDT(timeout=HANG_MS)
    machine.Timer(0).init(mode=machine.Timer.ONE_SHOT, period=TRIAL_MS,
                          callback=lambda _: reset("nolink") if read("/trial") else None)


def start(slot: str, tried: bool) -> None:
    """Run this slot. On trial every end is a failure; else an exception is, after a while."""
    sys.path.insert(0, "/" + slot)
    reason = "ended"
    try:
        if tried:
            guard()
        __import__("main")
    except Exception as problem:
        sys.print_exception(problem)
        reason = "crash"
    if tried:
        reset(reason)
    if reason == "crash":
        print("again in {} s, or Ctrl-C".format(AGAIN_MS // 1000))
        time.sleep_ms(AGAIN_MS)
        reset(reason)


def boot() -> None:
    """Choose and run."""
    trusted = good()
    tried = trial(trusted)
    if tried or trusted:
        start(tried or trusted, bool(tried))
    else:
        print("there is no firmware in /a or /b: put it there with iotd flash")


boot()
