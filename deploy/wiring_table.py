"""Which pin goes where: the one table that the pictures of docs/wiring.md are drawn from.

Tests hold it against firmware/README.md, the examples of settings.json and the presets of
`iotd flash`. A wire is (pin of the part, pin of the board, key of settings.json or "").
"""

from __future__ import annotations

from typing import NamedTuple

POWER, FIVE, GROUND = "3.3 V", "5 V", "GND"
OWN = "5 V supply"  # not the board's


class Wire(NamedTuple):
    """One wire: ``to`` is a GPIO's number, or a supply."""

    pin: str
    to: int | str
    key: str = ""


class Part(NamedTuple):
    """Something that is wired to the board; ``notes`` are short lines below its name."""

    name: str
    wires: tuple[Wire, ...]
    notes: tuple[str, ...] = ()


class Drawing(NamedTuple):
    """A picture: ``kind`` of firmware, the ``board``, what is on it already, and its parts."""

    name: str
    kind: str
    title: str
    board: str
    on_board: tuple[Wire, ...]
    parts: tuple[Part, ...]


_SUPPLY = (Wire("VCC", POWER), Wire("GND", GROUND))
_BUS = (Wire("SCL", 9, "i2c.scl"), Wire("SDA", 8, "i2c.sda"))
_LIGHT = (Wire("its light", 48, "led.neopixel"),)
_STRONG = (Wire("+5 V", OWN), Wire("GND", GROUND))
_PROGRAMMER = Part("USB adapter", (
    Wire("5 V", FIVE), Wire("GND", GROUND), Wire("RX", "U0T"), Wire("TX", "U0R"),
), ("Its signals at 3.3 V.", "GPIO 0 to GND while", "firmware is written."))

DRAWINGS = (
    Drawing("camera", "camera", "Camera with ArduCAM", "ESP32-S3", _LIGHT, (
        Part("ArduCAM Mini", (
            *_SUPPLY,
            Wire("SCK", 12, "camera.spi.sck"), Wire("MOSI", 11, "camera.spi.mosi"),
            Wire("MISO", 13, "camera.spi.miso"), Wire("CS", 10, "camera.spi.cs"),
            Wire("SCL", 9, "camera.i2c.scl"), Wire("SDA", 8, "camera.i2c.sda"),
        ), ("OV2640 or OV5642.", "Wires under 20 cm.")),
    )),
    Drawing("camera-builtin", "camera", "Camera on a board of its own", "ESP32-CAM",
            (Wire("its flash", 4, "lamp.pin"),), (_PROGRAMMER,)),
    Drawing("watch", "watch", "Watch", "ESP32-S3", _LIGHT, (
        Part("MAX30102", (*_SUPPLY, *_BUS), ("Pulse and oxygen.",)),
        Part("MLX90614", (*_SUPPLY, *_BUS), ("Temperature, 3 V type.",)),
        Part("SSD1306", (*_SUPPLY, *_BUS), ("Display, 128 × 64.",)),
        Part("Button", (Wire("1", 4, "button.pin"), Wire("2", GROUND))),
        Part("Rotary encoder", (
            Wire("A", 5, "dial.a"), Wire("B", 6, "dial.b"), Wire("C", GROUND),
        )),
        Part("PulseSensor", (*_SUPPLY, Wire("S", 1, "pulse.pin")),
             ("Instead of the", "MAX30102.")),
    )),
    Drawing("cabinet", "cabinet", "Cabinet", "ESP32-S3", _LIGHT, (
        Part("HX711", (*_SUPPLY, Wire("DT", 16, "scale.data"), Wire("SCK", 17, "scale.clock")),
             ("Load cell to its", "E+, E−, A+ and A−.")),
        Part("Door switch", (Wire("1", 4, "button.pin"), Wire("2", GROUND)),
             ("Closed while the", "door is.")),
        Part("NeoPixel strip", (*_STRONG, Wire("DIN", 18, "lights.pin")),
             ("Grounds joined.",)),
        Part("Servo of the lock", (*_STRONG, Wire("signal", 13, "door.pin")),
             ("Grounds joined.",)),
        Part("Metal handle", (Wire("metal", 14, "handle.pin"),), ("Felt by touch.",)),
    )),
    Drawing("cabinet-camera", "cabinet_camera", "Camera in the cabinet", "ESP32-CAM",
            (Wire("its flash", 4, "lamp.pin"),), (
                _PROGRAMMER,
                Part("Red LED", (Wire("+", 12, "led.red"), Wire("−", GROUND)),
                     ("With 330 Ω.",)),
                Part("Green LED", (Wire("+", 15, "led.green"), Wire("−", GROUND)),
                     ("With 330 Ω.",)),
            )),
    Drawing("gate", "gate", "Gate with badge reader", "ESP32-S3", _LIGHT, (
        Part("MFRC522", (
            *_SUPPLY, Wire("SDA (SS)", 10, "badge.spi.cs"),
            Wire("SCK", 12, "badge.spi.sck"), Wire("MOSI", 11, "badge.spi.mosi"),
            Wire("MISO", 13, "badge.spi.miso"), Wire("RST", POWER),
        ), ("3.3 V, never 5 V.", "IRQ stays free.")),
    )),
)
