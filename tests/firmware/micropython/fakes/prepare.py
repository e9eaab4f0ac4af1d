"""What this port of MicroPython lacks and an ESP32 has, before main.py runs."""

import os

import _host


def _urandom(count: int) -> bytes:
    return bytes(_host.random(count))


os.urandom = _urandom
