"""SET key=value ...: what the daemon may ask of a camera, checked."""

from sensors import FRAME_SIZES

#: Key -> lowest and highest whole number.
RANGES = {"quality": (1, 100), "fps": (1, 60), "flash": (0, 1)}


def parse_set(line: str) -> dict:
    """The settings in a SET line; ValueError says what was wrong, and nothing is taken."""
    settings = {}
    for word in line.split()[1:]:
        key, _, value = word.partition("=")
        settings[key] = _value(key, value)
    if not settings:
        raise ValueError("SET without key=value")
    return settings


def _value(key: str, value: str):
    if key == "framesize":
        if value not in FRAME_SIZES:
            raise ValueError("no framesize {}".format(value))
        return value
    if key not in RANGES:
        raise ValueError("no setting {}".format(key))
    low, high = RANGES[key]
    if not value.isdigit() or len(value) > 3 or not low <= int(value) <= high:
        raise ValueError("{} {} is not from {} to {}".format(key, value, low, high))
    return int(value)
