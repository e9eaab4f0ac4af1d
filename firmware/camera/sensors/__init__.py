"""Image sensors behind one small interface.

    capture() -> bytes or memoryview    one JPEG, valid until the next call
    configure(framesize=None, quality=None)
    close()

capture() raises SensorError when no picture can be had; configure() raises
ValueError, in words for people, for what this sensor can't do.
"""

NAMES = ("arducam_ov2640", "arducam_ov5642", "builtin", "pattern")

#: Name -> width and height; a sensor offers those up to its own size.
FRAME_SIZES = {
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


def open_sensor(camera: dict, clock):
    """The sensor that settings.json names, initialised; SensorError when it is not there."""
    name = camera["sensor"]
    if name == "arducam_ov2640":
        from sensors.arducam_ov2640 import open_sensor as open_named
    elif name == "arducam_ov5642":
        from sensors.arducam_ov5642 import open_sensor as open_named
    elif name == "builtin":
        from sensors.builtin import open_sensor as open_named
    else:
        from sensors.pattern import open_sensor as open_named
    sensor = open_named(camera, clock)
    sensor.configure(camera["framesize"], camera["quality"])
    return sensor


def size_of(framesize: str, width: int, height: int) -> tuple:
    """Width and height of a named size; ValueError when over this sensor's own."""
    size = FRAME_SIZES.get(framesize)
    if size is None:
        raise ValueError("no framesize {}".format(repr(framesize)))
    if size[0] > width or size[1] > height:
        raise ValueError("{} is more than this sensor's {}x{}".format(framesize, width, height))
    return size


def quantisation(quality: int) -> int:
    """OmniVision's scale, 63 (coarse) to 2 (fine), from 1 to 100 per cent."""
    return 2 + (100 - quality) * 61 // 99
