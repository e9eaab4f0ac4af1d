"""A Wi-Fi that takes one second to join."""

import time

STA_IF = 0

_name = "board"


def hostname(name=None):
    global _name
    if name is not None:
        if len(name) > 32:
            raise ValueError("hostname")
        _name = name
    return _name


class WLAN:
    PM_NONE = 0

    def __init__(self, interface):
        self._active = False
        self._joining = None

    def active(self, on=None):
        if on is not None:
            self._active = on
            self._joining = self._joining if on else None
        return self._active

    def config(self, **options):
        if set(options) != {"pm"}:
            raise ValueError("unknown config param")

    def connect(self, ssid, password):
        if not self._active:
            raise OSError("STA not started")
        self._joining = time.ticks_ms()

    def isconnected(self):
        joining = self._joining
        return joining is not None and time.ticks_diff(time.ticks_ms(), joining) >= 1000

    def ifconfig(self):
        return ("192.0.2.7", "255.255.255.0", "192.0.2.1", "192.0.2.1")
