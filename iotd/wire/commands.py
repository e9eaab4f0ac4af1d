"""What a camera can be told: START, STOP, and SET key=value ... (keyed cameras only).

Sizes go by their sensor names, since boards know these; quality is a
percentage (higher is better, the board maps it to its sensor's scale).
"""

from __future__ import annotations

from typing import Final

from iotd.wire.errors import LocalProtocolError, quote

START: Final = "START"
STOP: Final = "STOP"

#: Name -> width and height in pixels: what OV2640 and OV5642 boards offer.
FRAME_SIZES: Final[dict[str, tuple[int, int]]] = {
    "QQVGA": (160, 120),
    "QVGA": (320, 240),
    "CIF": (352, 288),
    "VGA": (640, 480),
    "SVGA": (800, 600),
    "XGA": (1024, 768),
    "SXGA": (1280, 1024),
    "UXGA": (1600, 1200),
    "QXGA": (2048, 1536),
    "QSXGA": (2592, 1944),
}

#: Key -> lowest and highest whole number.
RANGES: Final[dict[str, tuple[int, int]]] = {"quality": (1, 100), "fps": (1, 60), "flash": (0, 1)}


def check_command(text: str, settable: bool) -> str:
    """``text`` when it is a command; LocalProtocolError names what is allowed."""
    if text in (START, STOP):
        return text
    word, *settings = text.split(" ")
    if word != "SET":
        raise LocalProtocolError(f"no command {quote(text)}, allowed are START, STOP and SET")
    if not settable:
        raise LocalProtocolError("a field camera knows START and STOP only, not SET")
    seen = [_check_setting(setting) for setting in settings]
    if not seen or len(set(seen)) != len(seen):
        raise LocalProtocolError(
            f"{quote(text)} must set one or more of {_keys()}, each once"
        )
    return text


def _check_setting(setting: str) -> str:
    key, _, value = setting.partition("=")
    if key == "framesize":
        _check_name(value)
    elif key in RANGES:
        _check_number(key, value)
    else:
        raise LocalProtocolError(f"no setting {quote(setting)}, allowed are {_keys()}")
    return key


def _check_name(value: str) -> None:
    if value not in FRAME_SIZES:
        raise LocalProtocolError(
            f"framesize {quote(value)} is none of {', '.join(FRAME_SIZES)}"
        )


def _check_number(key: str, value: str) -> None:
    lowest, highest = RANGES[key]
    # at most 3 digits, ASCII: int() alone takes "1_0", " 1" and other scripts
    number = int(value) if value.isascii() and value.isdigit() and len(value) <= 3 else None
    if number is None or not lowest <= number <= highest:
        raise LocalProtocolError(f"{key} {quote(value)} is not from {lowest} to {highest}")


def _keys() -> str:
    return ", ".join(["framesize", *RANGES])
