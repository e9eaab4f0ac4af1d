"""The camera module with a class, as newer ESP32 builds have it."""

from arducam_model import frames_of


class PixelFormat:
    JPEG = 4


class FrameSize:
    QQVGA, QVGA, CIF, VGA, SVGA, XGA, SXGA, UXGA = range(8)


class Camera:
    def __init__(self, pixel_format, frame_size=FrameSize.QQVGA, jpeg_quality=85):
        self._frames = frames_of("/frames")
        self._next = 0

    def reconfigure(self, frame_size):
        print("camera module: size", frame_size)

    def set_quality(self, quality):
        print("camera module: quality", quality)

    def capture(self):
        self._next += 1
        return memoryview(self._frames[(self._next - 1) % len(self._frames)])

    def deinit(self):
        pass
