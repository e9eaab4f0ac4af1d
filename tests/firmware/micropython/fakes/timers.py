"""One-shot timers, which ring while the board sleeps or polls."""

import _host

_due = []


def start(ms, ring):
    """Ring once after so long."""
    _due.append((_host.uptime() + ms, ring))


def look():
    """Ring those that are due."""
    now = _host.uptime()
    for each in [one for one in _due if one[0] <= now]:
        _due.remove(each)
        each[1]()
