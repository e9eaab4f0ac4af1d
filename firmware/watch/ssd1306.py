"""SSD1306: 128 x 64 points over I2C, 16 x 8 letters, and three lines of big figures."""

ADDRESS = 0x3C
WIDTH, HEIGHT = 128, 64
COLUMNS, ROWS = WIDTH // 8, HEIGHT // 8
PAGES = HEIGHT // 8

COMMAND, DATA = 0x80, 0x40
OFF, ON = 0xAE, 0xAF
CONTRAST = 0x81

#: From the data sheet's flow chart, for a 128 x 64 panel fed by its own charge pump.
SETUP = (
    OFF,
    0x20, 0x02,  # page addressing: one row of letters at a time
    0x40, 0xA1, 0xC8,  # first line, left and right, up and down
    0xA8, HEIGHT - 1, 0xD3, 0x00, 0xDA, 0x12,  # lines, offset, wiring of the panel
    0xD5, 0x80, 0xD9, 0xF1, 0xDB, 0x30,  # clock, charge time, level
    CONTRAST, 0x60,
    0xA4, 0xA6,  # what memory says, not inverted
    0x8D, 0x14,  # charge pump
    ON,
)

BIG = 3


class Ssd1306:
    """draw() into memory, then poll() sends one row of letters at a time, only changed ones.

    ``frames`` is MicroPython's framebuf module. A row is 12 ms at 100 kHz, short
    enough to be sent between two samples of a pulse.
    """

    def __init__(self, i2c, frames, address: int = ADDRESS):
        self._i2c = i2c
        self._address = address
        self._points = bytearray(WIDTH * PAGES)
        self._shown = bytearray(WIDTH * PAGES)
        self._next = 0
        self._blank = True  # what its memory holds after power-on is chance
        self._frame = frames.FrameBuffer(self._points, WIDTH, HEIGHT, frames.MONO_VLSB)
        self._letter_points = bytearray(8)
        self._letter = frames.FrameBuffer(self._letter_points, 8, 8, frames.MONO_VLSB)
        self._row = bytearray(WIDTH + 1)
        self._row[0] = DATA
        for command in SETUP:
            self._command(command)

    def draw(self, lines, big: str = "") -> None:
        """Up to 8 lines of 16 letters; ``big`` stands over lines 2 to 4, up to 5 figures."""
        self._next = 0
        self._frame.fill(0)
        for row, line in enumerate(lines[:ROWS]):
            self._frame.text(line[:COLUMNS], 0, row * 8, 1)
        for place, letter in enumerate(big[:WIDTH // (8 * BIG)]):
            self._draw_big(letter, place * 8 * BIG, 16)

    def poll(self) -> bool:
        """Send the next row that has changed; whether there was one."""
        while self._next < PAGES:
            page = self._next
            self._next += 1
            start, end = page * WIDTH, (page + 1) * WIDTH
            points = memoryview(self._points)[start:end]
            if self._blank or points != memoryview(self._shown)[start:end]:
                self._send(page, points)
                self._shown[start:end] = points
                return True
        self._blank = False
        return False

    def _send(self, page: int, points) -> None:
        for command in (0xB0 | page, 0x00, 0x10):  # this page, from column 0
            self._command(command)
        self._row[1:] = points
        self._i2c.writeto(self._address, self._row)

    def _draw_big(self, letter: str, left: int, top: int) -> None:
        self._letter.fill(0)
        self._letter.text(letter, 0, 0, 1)
        for column in range(8):
            points = self._letter_points[column]
            for row in range(8):
                if points >> row & 1:
                    self._frame.fill_rect(left + column * BIG, top + row * BIG, BIG, BIG, 1)

    def _command(self, command: int) -> None:
        self._i2c.writeto(self._address, bytes((COMMAND, command)))


def open_display(bus, address: int) -> Ssd1306:
    """The display on the watch's I2C bus; OSError when none answers."""
    import framebuf

    return Ssd1306(bus, framebuf, address)
