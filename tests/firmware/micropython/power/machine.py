"""A board whose power may go at any moment: what it does is the test's word."""

import os

import _host

os.urandom = bytes  # this port has none; the nonce is the test's

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5


class WDT:
    def __init__(self, timeout):
        pass


class Timer:
    ONE_SHOT = 0

    def __init__(self, number):
        pass

    def init(self, mode, period, callback):
        pass


def reset_cause():
    return HARD_RESET


def reset():
    _host.reset()
    raise SystemExit


def run(slots):
    """What the firmware of the slot does: crash, or be healthy, and fetch what is offered."""
    mode = _host.mode(slots.version["build"])
    if mode == "crash":
        raise ValueError("this firmware is broken")
    slots.healthy()
    if mode != "healthy":
        update(slots, int(mode))
        slots.reset("update")
    raise SystemExit


def update(slots, build):
    from common.updating import Update, part_of

    steps = Update(slots, "cam-one", bytes(range(32)), build, lambda: None,
                   lambda count: bytes([build] * count)).steps()
    question = steps.send(None)
    try:
        while True:
            answer = part_of(_host.answer("fetch {} {}".format(question[0], question[1])))
            question = steps.send((answer[0], answer[2]))
    except StopIteration:
        pass
