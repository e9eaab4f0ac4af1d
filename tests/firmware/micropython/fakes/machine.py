"""The ESP32's own devices: pins, a watchdog that bites, buses with what hangs on them."""

import _host
import timers
import world
from arducam_model import ArduCamModel, frames_of

_arducam = ArduCamModel(frames_of("/frames"))
_badges = world.badge_reader() if _host.kind() == "gate" else None
_watch = world.WatchBus() if _host.kind() == "watch" else None


class Pin:
    IN = 0
    OUT = 1
    PULL_UP = 2
    PULL_DOWN = 3
    IRQ_RISING = 1
    IRQ_FALLING = 2

    def __init__(self, number, mode=IN, pull=None, value=None):
        self.number = number
        self._pull = 1 if pull == self.PULL_UP else 0
        if value is not None:
            self.value(value)

    def value(self, level=None):
        if level is None:
            if self.number == world.HX711_DATA and _host.kind() == "cabinet":
                return world.load_cell.data()
            return world.of_pin("pins", self.number, self._pull)
        if self.number == world.HX711_CLOCK and _host.kind() == "cabinet":
            world.load_cell.clock(level)
            return None
        if _badges is not None:
            _badges.select(self.number, level)
        _arducam.select(self.number, level)
        if self.number != _arducam.chip_select:
            _host.pin(self.number, level)
        return None

    def irq(self, handler, trigger):
        """Nothing interrupts here: who polls sees the same."""


class WDT:
    def __init__(self, timeout):
        _host.watchdog(timeout)

    def feed(self):
        _host.feed()


PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5

_CAUSES = {"power": PWRON_RESET, "reset": HARD_RESET, "watchdog": WDT_RESET}


def reset():
    """Power-on again, with what is on the flash."""
    _host.reset()


def reset_cause():
    return _CAUSES[_host.cause()]


class Timer:
    ONE_SHOT = 0

    def __init__(self, number):
        self._number = number

    def init(self, mode, period, callback):
        assert mode == self.ONE_SHOT
        timers.start(period, lambda: callback(self))


class ADC:
    ATTN_11DB = 3

    def __init__(self, pin):
        self._pin = pin

    def atten(self, attenuation):
        pass

    def read_u16(self):
        told = world.of_pin("adc", self._pin.number, None)
        if told is not None:
            return told
        pulse = world.heart.pulse()
        return 30000 if pulse is None else int(30000 + 4000 * pulse)


class PWM:
    def __init__(self, pin, freq, duty_ns):
        self._number = pin.number

    def duty_ns(self, width):
        _host.pwm(self._number, width)


class TouchPad:
    def __init__(self, pin):
        self._number = pin.number

    def read(self):
        return world.of_pin("touch", self._number, 600)


def disable_irq():
    return 1


def enable_irq(state):
    assert state == 1


class SPI:
    def __init__(self, bus, baudrate, polarity, phase, sck, mosi, miso):
        if _badges is not None:
            self.write = _badges.spi_write
            self.write_readinto = _badges.spi_write_readinto
            return
        self.write = _arducam.spi_write
        self.readinto = _arducam.spi_readinto
        self.write_readinto = _arducam.spi_write_readinto


class I2C:
    def __init__(self, bus, scl, sda, freq):
        if _watch is not None:
            assert freq <= 100000, "the thermometer takes no more"
            self.readfrom_mem = _watch.readfrom_mem
            self.writeto_mem = _watch.writeto_mem
            self.writeto = _watch.writeto
        else:
            self.writeto = _arducam.i2c_writeto
            self.readfrom = _arducam.i2c_readfrom
