"""The board's clock, which may run faster than ours."""

from utime import *  # noqa: F401,F403

import _host
import timers


def sleep_ms(ms: int) -> None:
    _host.sleep(ms)
    timers.look()


def ticks_ms() -> int:
    return _host.ticks()
