"""settings.json: what makes this board this board. Every fault is told, at once.

The rules below name every key there is, so that a mistyped one is found
before the board hangs on a wall.
"""

import json
from binascii import unhexlify

from common.errors import SettingsError

REQUIRED = object()


def text(low: int, high: int):
    """A text of ``low`` to ``high`` characters."""
    allowed = "a text of {} to {} characters".format(low, high)
    return (lambda value: isinstance(value, str) and low <= len(value) <= high, allowed)


def number(low: int, high: int):
    """A whole number from ``low`` to ``high``."""
    allowed = "a whole number from {} to {}".format(low, high)
    return (lambda value: type(value) is int and low <= value <= high, allowed)


def choice(*names):
    """One of these texts."""
    return (lambda value: value in names, "one of " + ", ".join(names))


def table():
    """An object whose own keys are somebody else's business."""
    return (lambda value: isinstance(value, dict), "an object")


def letters(allowed: str, low: int, high: int, what: str):
    """A text of ``low`` to ``high`` of the letters in ``allowed``."""
    def fits(value) -> bool:
        if not isinstance(value, str) or not low <= len(value) <= high:
            return False
        return all(letter in allowed for letter in value)

    return (fits, what)


def fraction(low: float, high: float):
    """A number from ``low`` to ``high``, whole or not."""
    def fits(value) -> bool:
        return type(value) in (int, float) and low <= value <= high

    return (fits, "a number from {} to {}".format(low, high))


def flag():
    """true or false."""
    return (lambda value: isinstance(value, bool), "true or false")


#: GPIO numbers of any ESP32 there is.
PIN = number(0, 56)

#: 0 is off; below 20 s a slow look-up of the server's name would bite.
WATCHDOG = (lambda value: type(value) is int and (value == 0 or 20 <= value <= 600),
            "0 or a whole number from 20 to 600")

#: Key -> ((test, what is allowed), default); a dot goes one object down.
COMMON = {
    "id": (letters("abcdefghijklmnopqrstuvwxyz0123456789-", 3, 32, "3 to 32 of a-z, 0-9 and -"),
           REQUIRED),
    "key": (letters("0123456789abcdefABCDEF", 64, 64, "the 64 hex digits shown for this device"),
            REQUIRED),
    "wifi.ssid": (text(1, 32), REQUIRED),
    "wifi.password": (text(0, 64), ""),
    "server.host": (text(1, 253), REQUIRED),
    "server.port": (number(1, 65535), REQUIRED),
    "server.tls": (flag(), False),
    "retry_seconds": (number(1, 3600), 60),
    "watchdog_seconds": (WATCHDOG, 60),
    "led.neopixel": (PIN, None),
    "led.red": (PIN, None),
    "led.green": (PIN, None),
    "led.active_low": (flag(), None),
}


def nothing_more(settings: dict) -> list:
    """No faults beyond those of single keys."""
    return []


def load(path: str, rules: dict, more_faults=nothing_more) -> dict:
    """The settings as nested dicts, defaults filled in, the key as 32 bytes.

    Raises SettingsError with every fault, each with its key. ``more_faults``
    gives those that lie between keys, so that these are told together with the rest.
    """
    given = _read(path)
    settings, faults = {}, []
    for key in rules:
        (fits, allowed), default = rules[key]
        value = _take(given, key)
        if value is None:
            if default is REQUIRED:
                faults.append("{} is missing: {}".format(key, allowed))
            value = None if default is REQUIRED else default
        elif not fits(value):
            faults.append("{} is {}: allowed is {}".format(key, _shown(key, value), allowed))
            value = value if default in (REQUIRED, None) else default
        _put(settings, key, value)
    faults.extend("{} is not known".format(key) for key in _left(given, ""))
    faults.extend(_led_faults(settings.get("led", {})))
    faults.extend(more_faults(settings))
    if faults:
        raise SettingsError(sorted(faults))
    settings["key"] = unhexlify(settings["key"])
    return settings


def _read(path: str) -> dict:
    try:
        with open(path) as file:
            given = json.load(file)
    except OSError:
        raise SettingsError(["there is no {} on this board".format(path)])
    except ValueError:
        raise SettingsError(["{} is not JSON: look for a missing comma or quote".format(path)])
    if not isinstance(given, dict):
        raise SettingsError(["{} must hold one object".format(path)])
    return given


def _take(given: dict, key: str):
    """The value at a dotted key, removed; what stays at the end is unknown."""
    *above, last = key.split(".")
    for name in above:
        given = given.get(name)
        if not isinstance(given, dict):
            return None
    return given.pop(last, None)


def _put(settings: dict, key: str, value) -> None:
    *above, last = key.split(".")
    for name in above:
        settings = settings.setdefault(name, {})
    if value is not None:
        settings[last] = value


def _left(given: dict, above: str) -> list:
    names = []
    for key in given:
        if isinstance(given[key], dict):
            names.extend(_left(given[key], above + key + "."))
        else:
            names.append(above + key)
    return names


def _led_faults(led: dict) -> list:
    if "neopixel" in led or ("red" in led) == ("green" in led):
        return []
    return ["led needs neopixel, or both red and green"]


def _shown(key: str, value) -> str:
    # Faults are printed on a console that others may read
    return "not right" if key in ("key", "wifi.password") else repr(value)
