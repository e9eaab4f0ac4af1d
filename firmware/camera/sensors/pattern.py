"""No camera at all: JPEG files from a folder of the board, one after the other.

For tests, and to try a board's Wi-Fi, link and light before its camera is there.
"""

import os

from common.errors import SensorError
from sensors import FRAME_SIZES


class Pattern:
    """The sensor interface of this package."""

    def __init__(self, folder: str):
        self._folder = folder
        self._next = 0

    def capture(self):
        """The next picture, its file read afresh."""
        try:
            names = sorted(name for name in os.listdir(self._folder) if name.endswith(".jpg"))
        except OSError:
            names = []
        if not names:
            raise SensorError("no .jpg in {}".format(self._folder))
        name = names[self._next % len(names)]
        self._next += 1
        with open("{}/{}".format(self._folder, name), "rb") as file:
            return file.read()

    def configure(self, framesize=None, quality=None) -> None:
        """Files stay what they are; only a size that doesn't exist is refused."""
        if framesize is not None and framesize not in FRAME_SIZES:
            raise ValueError("no framesize {}".format(repr(framesize)))

    def close(self) -> None:
        """Nothing to let go of."""


def open_sensor(camera: dict, clock) -> Pattern:
    """Pictures from ``camera.folder``."""
    return Pattern(camera["folder"])
