"""Sensors on a model of their board, register by register."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.field_camera import scenes
from tests.firmware import rig
from common.errors import SensorError
from sensors import FRAME_SIZES, builtin, open_sensor, quantisation
from sensors.arducam_ov2640 import Ov2640, window
from sensors.arducam_ov5642 import Ov5642
from sensors.arduchip import ArduChip

sys.path.append(str(rig.FAKES))
try:
    from arducam_model import ArduCamModel
finally:
    # No longer than that: the other fakes there bear names of the standard library's
    sys.path.remove(str(rig.FAKES))

FRAMES = scenes(3)


class Wires:
    """The model's buses as the driver wants them."""

    def __init__(self, model: Any) -> None:
        self.write = model.spi_write
        self.readinto = model.spi_readinto
        self.write_readinto = model.spi_write_readinto
        self.writeto = model.i2c_writeto
        self.readfrom = model.i2c_readfrom
        self.value = lambda level: model.select(model.chip_select, level)


def board(kind: Any, model: Any) -> Any:
    """A driver of this kind on this model."""
    wires = Wires(model)
    clock = rig.FakeClock()
    return kind(ArduChip(wires, wires, clock), wires, clock)


class ArduCamTests(SynchronousTestCase):
    """Both ArduCAM drivers."""

    def test_pictures(self) -> None:
        """Each capture gives the whole FIFO: one picture with what surrounds it."""
        for kind in (Ov2640, Ov5642):
            sensor = board(kind, ArduCamModel(FRAMES))
            for jpeg in FRAMES:
                payload = bytes(sensor.capture())
                self.assertEqual(payload[:3], b"\x00\xff\xd8")
                self.assertIn(jpeg, payload)

    def test_other_sensor(self) -> None:
        """A sensor that isn't the one in the settings is named as missing, with its pins."""
        for kind, other in ((Ov2640, "ov5642"), (Ov5642, "ov2640")):
            error = self.assertRaises(SensorError, board, kind,
                                      ArduCamModel(FRAMES, sensors=(other,)))
            self.assertIn("scl and sda", str(error))

    def test_no_board(self) -> None:
        """An SPI that answers nothing is said to be so."""
        model = ArduCamModel(FRAMES)
        self.patch(model, "_store", lambda register, value: None)
        error = self.assertRaises(SensorError, board, Ov2640, model)
        self.assertIn("no ArduCAM on SPI", str(error))

    def test_never_done(self) -> None:
        """A capture that never ends is given up after 3 s."""
        model = ArduCamModel(FRAMES)
        sensor = board(Ov2640, model)
        model.ready_after = 10**9
        error = self.assertRaises(SensorError, sensor.capture)
        self.assertEqual(str(error), "no frame within 3 s")

    def test_absurd_sizes(self) -> None:
        """A FIFO that ran over is an error, not a picture of 8 MB."""
        model = ArduCamModel(FRAMES)
        sensor = board(Ov2640, model)
        self.patch(sensor._chip, "_size", lambda: ArduChip._size(sensor._chip))
        self.patch(model, "_load", lambda register: 0xFF)
        self.assertRaises(SensorError, sensor.capture)


class Ov2640Tests(SynchronousTestCase):
    """Sizes of the OV2640, against the values of its data sheet's formulas."""

    def registers(self, framesize: str) -> dict[tuple[int, int], int]:
        model = ArduCamModel(FRAMES)
        board(Ov2640, model).configure(framesize, 50)
        return {key: values[-1] for key, values in model.sensor_registers.items()}

    def test_sizes(self) -> None:
        """Divider, input and output size for every framesize up to the sensor's own."""
        for name, array, divider, out in (
            ("QQVGA", 0x40, 0x92, (40, 30, 0)), ("QVGA", 0x40, 0x89, (80, 60, 0)),
            ("CIF", 0x40, 0x89, (88, 72, 0)), ("VGA", 0x00, 0x89, (160, 120, 0)),
            ("SVGA", 0x00, 0x89, (200, 150, 0)), ("XGA", 0x00, 0x00, (0, 192, 1)),
            ("SXGA", 0x00, 0x00, (0x40, 0, 5)), ("UXGA", 0x00, 0x00, (0x90, 0x2C, 5)),
        ):
            found = self.registers(name)
            self.assertEqual(found[1, 0x12], array, name)
            self.assertEqual(found[0, 0x50], divider, name)
            self.assertEqual((found[0, 0x5A], found[0, 0x5B], found[0, 0x5C]), out, name)

    def test_full_array(self) -> None:
        """1600 x 1200 in units of 8 and of 4, with their high bits."""
        pairs = window(1600, 1200, 1600, 1200)
        told = {pairs[at]: pairs[at + 1] for at in range(0, len(pairs), 2)}
        self.assertEqual((told[0xC0], told[0xC1]), (200, 150))
        self.assertEqual((told[0x51], told[0x52], told[0x55]), (0x90, 0x2C, 0x88))

    def test_too_large(self) -> None:
        """Sizes beyond 1600x1200 and unknown ones are refused in words."""
        sensor = board(Ov2640, ArduCamModel(FRAMES))
        self.assertRaises(ValueError, sensor.configure, "QXGA")
        self.assertRaises(ValueError, sensor.configure, "HUGE")

    def test_quality(self) -> None:
        """Per cent become the sensor's scale, in the processor's bank."""
        self.assertEqual([quantisation(value) for value in (1, 50, 100)], [63, 32, 2])
        self.assertEqual(self.registers("QVGA")[0, 0x44], 32)


class Ov5642Tests(SynchronousTestCase):
    """Sizes and quality of the OV5642."""

    def test_sizes(self) -> None:
        """Every framesize is written as it is, and the compressor restarted after it."""
        for name, (width, height) in FRAME_SIZES.items():
            model = ArduCamModel(FRAMES)
            board(Ov5642, model).configure(name, 100)
            found = model.sensor_registers
            size = [found[register][-1] for register in range(0x3808, 0x380C)]
            self.assertEqual(bytes(size), width.to_bytes(2, "big") + height.to_bytes(2, "big"))
            self.assertEqual(found[0x3002][-2:], [0x0C, 0x00])
            self.assertEqual(found[0x4407], [2])

    def test_exposure_is_left_automatic(self) -> None:
        """Exposure is held while registers change, and automatic in the end."""
        model = ArduCamModel(FRAMES)
        board(Ov5642, model)
        self.assertEqual(model.sensor_registers[0x3503], [7, 0])


class FunctionModule(types.ModuleType):
    """The older camera module, as a module."""

    JPEG, PSRAM, FRAME_QVGA = 3, 1, 5

    def __init__(self, picture: Any) -> None:
        super().__init__("camera")
        self.told: list[Any] = []
        self.capture = lambda: picture
        self.quality = lambda value: self.told.append(value)
        self.framesize = lambda value: self.told.append(value)
        self.deinit = lambda: self.told.append("deinit")

    def init(self, number: int, **pins: Any) -> bool:
        self.told.append(pins)
        return True


class OtherSensorsTests(SynchronousTestCase):
    """The built-in camera's older module, and files."""

    def test_functions(self) -> None:
        """Sizes by its constants, quality on its scale, pins handed on."""
        module = FunctionModule(b"jpeg")
        self.patch(sys, "modules", {**sys.modules, "camera": module})
        sensor = builtin.open_sensor({"pins": {"xclk": 21}}, None)
        sensor.configure("QVGA", 100)
        self.assertEqual(sensor.capture(), b"jpeg")
        self.assertRaises(ValueError, sensor.configure, "VGA")
        sensor.close()
        pins = {"xclk": 21, "format": 3, "fb_location": 1}
        self.assertEqual(module.told, [pins, 5, 10, "deinit"])

    def test_no_picture(self) -> None:
        """A module that gives nothing is a sensor that failed."""
        sensor = builtin.FunctionCamera(FunctionModule(False), {})
        self.assertRaises(SensorError, sensor.capture)

    def test_files(self) -> None:
        """Files come in the order of their names, round and round; none is an error."""
        folder = Path(self.mktemp())
        folder.mkdir()
        camera = {"sensor": "pattern", "folder": str(folder), "framesize": "VGA", "quality": 50}
        sensor = open_sensor(camera, None)
        self.assertRaises(SensorError, sensor.capture)
        for name, data in (("b.jpg", b"2"), ("a.jpg", b"1"), ("notes.txt", b"no")):
            (folder / name).write_bytes(data)
        self.assertEqual([sensor.capture() for _ in range(3)], [b"1", b"2", b"1"])
