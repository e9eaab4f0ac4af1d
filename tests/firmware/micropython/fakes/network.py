"""A Wi-Fi that takes one second to join, and that others are near of; the test says which."""

import time

import world

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

    def status(self, what):
        assert what == "rssi"
        return -60

    def isconnected(self):
        if not world.told("wifi", True):
            self._joining = None
        joining = self._joining
        return joining is not None and time.ticks_diff(time.ticks_ms(), joining) >= 1000

    def scan(self):
        """The test's ``near``: [name, address, rssi]."""
        if not self._active:
            raise OSError("STA not active")
        time.sleep_ms(500)
        return [(name.encode(), bytes.fromhex(mac), 6, rssi, 4, False)
                for name, mac, rssi in world.told("near", [])]

    def ifconfig(self):
        return ("192.0.2.7", "255.255.255.0", "192.0.2.1", "192.0.2.1")
