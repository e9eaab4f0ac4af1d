"""The ESP32's own devices: pins, a watchdog that bites, an ArduCAM on the buses."""

import _host
from arducam_model import ArduCamModel, frames_of

_arducam = ArduCamModel(frames_of("/frames"))


class Pin:
    IN = 0
    OUT = 1

    def __init__(self, number, mode=IN, value=None):
        self.number = number
        if value is not None:
            self.value(value)

    def value(self, level):
        _arducam.select(self.number, level)
        if self.number != _arducam.chip_select:
            _host.pin(self.number, level)


class WDT:
    def __init__(self, timeout):
        _host.watchdog(timeout)

    def feed(self):
        _host.feed()


class SPI:
    def __init__(self, bus, baudrate, polarity, phase, sck, mosi, miso):
        self.write = _arducam.spi_write
        self.readinto = _arducam.spi_readinto
        self.write_readinto = _arducam.spi_write_readinto


class I2C:
    def __init__(self, bus, scl, sda, freq):
        self.writeto = _arducam.i2c_writeto
        self.readfrom = _arducam.i2c_readfrom
