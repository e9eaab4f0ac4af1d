"""The part of settings.json that only a watch has."""

from common.settings import COMMON, PIN, REQUIRED, choice, flag, fraction, load, number

CURVE = (lambda value: isinstance(value, list) and len(value) == 3
         and all(type(part) in (int, float) for part in value),
         "a list of three numbers: a, b and c of aR^2 + bR + c")

RULES = dict(COMMON)
RULES.update({
    "pulse.sensor": (choice("pulse_sensor", "max30102"), REQUIRED),
    "pulse.pin": (PIN, None),
    "pulse.led_milliamperes": (number(2, 32), 7),
    "pulse.oxygen_curve": (CURVE, None),
    "thermometer.enabled": (flag(), True),
    "thermometer.offset": (fraction(-10, 10), 0),
    "display.enabled": (flag(), True),
    "display.address": (number(0x3C, 0x3D), 0x3C),
    "i2c.bus": (number(0, 1), 0),
    "i2c.scl": (PIN, None),
    "i2c.sda": (PIN, None),
    "button.pin": (PIN, None),
    "button.active_high": (flag(), False),
    "dial.a": (PIN, None),
    "dial.b": (PIN, None),
    "dial.pin": (PIN, None),
})


def load_settings(path: str = "settings.json") -> dict:
    """Settings of a watch; SettingsError names every fault."""
    return load(path, RULES, _between)


def _between(settings: dict) -> list:
    pulse, i2c, dial = settings["pulse"], settings["i2c"], settings["dial"]
    faults = []
    if pulse.get("sensor") == "pulse_sensor" and "pin" not in pulse:
        faults.append("pulse.pin is missing: the pin its signal is wired to")
    if (pulse.get("sensor") == "max30102" or settings["thermometer"]["enabled"]
            or settings["display"]["enabled"]):
        faults.extend("i2c.{} is missing: the pin the bus is wired to".format(pin)
                      for pin in ("scl", "sda") if pin not in i2c)
    if settings["display"]["enabled"] and "pin" not in settings["button"]:
        faults.append("button.pin is missing: the pin the button is wired to")
    if ("a" in dial) != ("b" in dial) or ("pin" in dial and "a" in dial):
        faults.append("dial needs a and b of an encoder, or the pin of a potentiometer, or none")
    return faults
