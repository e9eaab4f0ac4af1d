"""Boards whose MicroPython has a ``camera`` module (ESP32-CAM, XIAO Sense, ...).

Two such modules are about: one with a class Camera and quality in per cent, an
older one with plain functions and OmniVision's own scale.
"""

from common.errors import SensorError
from sensors import quantisation, size_of

#: The largest sensor these modules drive is the OV5640.
WIDTH, HEIGHT = 2592, 1944


class ClassCamera:
    """The sensor interface over camera.Camera."""

    def __init__(self, module, pins: dict):
        self._module = module
        self._camera = module.Camera(pixel_format=module.PixelFormat.JPEG, **pins)

    def capture(self):
        """One JPEG; SensorError when the module has none."""
        return _taken(self._camera.capture())

    def configure(self, framesize=None, quality=None) -> None:
        """Size by name, quality in per cent."""
        if framesize is not None:
            named = _named(self._module.FrameSize, framesize, framesize)
            self._camera.reconfigure(frame_size=named)
        if quality is not None:
            self._camera.set_quality(quality)

    def close(self) -> None:
        """Give the module's frame buffers back."""
        self._camera.deinit()


class FunctionCamera:
    """The sensor interface over the older module's functions."""

    def __init__(self, module, pins: dict):
        self._module = module
        pins = dict(pins)
        pins["format"] = module.JPEG
        pins["fb_location"] = module.PSRAM
        if not module.init(0, **pins):
            raise SensorError("the camera module found no sensor: look at camera.pins")

    def capture(self):
        """One JPEG; SensorError when the module has none."""
        return _taken(self._module.capture())

    def configure(self, framesize=None, quality=None) -> None:
        """Size by name, quality in per cent."""
        if framesize is not None:
            self._module.framesize(_named(self._module, "FRAME_" + framesize, framesize))
        if quality is not None:
            # Below 10 this module's buffer is too small for what comes out
            self._module.quality(max(10, quantisation(quality)))

    def close(self) -> None:
        """Give the module's frame buffers back."""
        self._module.deinit()


def open_sensor(camera: dict, clock):
    """Whichever of the two modules this board has; ``camera.pins`` is handed on to it."""
    try:
        import camera as module
    except ImportError:
        raise SensorError("this board's MicroPython has no camera module")
    kind = ClassCamera if hasattr(module, "Camera") else FunctionCamera
    return kind(module, camera["pins"])


def _taken(picture):
    if not picture:
        raise SensorError("the camera module gave no picture")
    return picture


def _named(holder, name: str, framesize: str):
    size_of(framesize, WIDTH, HEIGHT)
    value = getattr(holder, name, None)
    if value is None:
        raise ValueError("this camera module has no {}".format(framesize))
    return value
