"""Text lines out of a stream of bytes, however it is cut."""

from common.errors import LinkLost

MAX_LINE_BYTES = 256


class LineReader:
    """feed() bytes as they come, then next_line() until it gives None.

    A line ends with a newline; a carriage return before it is dropped. A line
    over 256 bytes, or one that isn't text, is a LinkLost: no daemon sends it.
    """

    def __init__(self, max_bytes: int = MAX_LINE_BYTES):
        self._max = max_bytes
        self._rest = b""

    def feed(self, data) -> None:
        """Take bytes in; nothing is parsed yet."""
        self._rest += data

    def next_line(self):
        """The next whole line without its end, or None."""
        end = self._rest.find(b"\n")
        if end < 0:
            self._check(len(self._rest))
            return None
        self._check(end)
        line = self._rest[:end]
        self._rest = self._rest[end + 1:]
        return self._text(line)

    def _check(self, size: int) -> None:
        if size > self._max:
            raise LinkLost("a line of more than {} bytes".format(self._max))

    def _text(self, line: bytes) -> str:
        for byte in line:
            if byte > 126:
                raise LinkLost("a line that is not text: {}".format(line[:32]))
        return line.decode().strip()
