"""MLX90614: the temperature of whatever it looks at, by its heat radiation.

That is an object temperature. Of a wrist it is the skin's, 30 to 35 degrees and
moved by the weather: not the body's core, and no offset makes it so.
"""

from common.errors import SensorError

ADDRESS = 0x5A
AMBIENT, OBJECT = 0x06, 0x07
#: SMBus adds a checksum to each word; one that is wrong is read again so often.
TRIES = 3
FLAG = 0x8000


class Mlx90614:
    """Over I2C at no more than 100 kHz; both methods raise SensorError."""

    def __init__(self, i2c, address: int = ADDRESS):
        self._i2c = i2c
        self._address = address

    def object(self) -> float:
        """Degrees Celsius of what is in front of it."""
        return self._celsius(OBJECT)

    def ambient(self) -> float:
        """Degrees Celsius of the sensor itself."""
        return self._celsius(AMBIENT)

    def _celsius(self, register: int) -> float:
        raw = self._word(register)
        if raw & FLAG:
            raise SensorError("the MLX90614 says that it can't measure")
        return raw * 0.02 - 273.15

    def _word(self, register: int) -> int:
        for _ in range(TRIES):
            try:
                data = self._i2c.readfrom_mem(self._address, register, 3)
            except OSError:
                continue
            sent = (self._address << 1, register, self._address << 1 | 1, data[0], data[1])
            if pec(sent) == data[2]:
                return data[0] | data[1] << 8
        raise SensorError("no MLX90614 on I2C 0x{:02x}: look at scl and sda, and that the bus "
                          "runs at 100 kHz".format(self._address))


def pec(data) -> int:
    """SMBus packet error code: CRC-8, polynomial x^8 + x^2 + x + 1."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07) & 0xFF if crc & 0x80 else crc << 1
    return crc


class Thermometer:
    """Asks the sensor once a second; ``offset`` is added, 0 unless somebody measured it."""

    EVERY_MS = 1000

    def __init__(self, sensor, offset: float, clock):
        self._sensor = sensor
        self._offset = offset
        self._clock = clock
        self._asked = None
        self.celsius = None
        self.fault = ""

    def poll(self) -> None:
        """Measure when it is time; ``celsius`` is None and ``fault`` set when that failed."""
        now = self._clock.ticks_ms()
        if self._asked is not None and self._clock.ticks_diff(now, self._asked) < self.EVERY_MS:
            return
        self._asked = now
        try:
            self.celsius = self._sensor.object() + self._offset
            self.fault = ""
        except SensorError as problem:
            self.celsius = None
            self.fault = str(problem)


class NoThermometer:
    """A watch without one."""

    celsius = None
    fault = "no thermometer"

    def poll(self) -> None:
        """Nothing to ask."""
