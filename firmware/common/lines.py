"""Text lines out of a stream of bytes, however it is cut."""

from common.errors import LinkLost

#: The longest is a part of an update.
MAX_LINE_BYTES = 1100
#: A doctor's advice is one line; the daemon makes none longer.
MAX_TEXT_BYTES = 4096


class LineReader:
    """feed() bytes as they come, then next_line() until it gives None.

    A line ends with a newline; a carriage return before it is dropped. A line
    over ``max_bytes``, or one that isn't plain text, is a LinkLost: no daemon
    sends it. With ``lenient`` it is cut, and ``?`` stands for what isn't ASCII:
    people's words must not cost the link.
    """

    def __init__(self, max_bytes: int = MAX_LINE_BYTES, lenient: bool = False):
        self._max = max_bytes
        self._lenient = lenient
        self._rest = b""

    def feed(self, data) -> None:
        """Take bytes in; nothing is parsed yet."""
        self._rest += data

    def skip(self, count: int) -> int:
        """Drop that many bytes, whatever they are; how many are still to come."""
        dropped = min(count, len(self._rest))
        self._rest = self._rest[dropped:]
        return count - dropped

    def next_line(self):
        """The next whole line without its end, or None."""
        end = self._rest.find(b"\n")
        if end < 0:
            self._check(len(self._rest))
            self._rest = self._rest[:self._max + 1]
            return None
        self._check(end)
        line = self._rest[:min(end, self._max)]
        self._rest = self._rest[end + 1:]
        return self._text(line)

    def _check(self, size: int) -> None:
        if size > self._max and not self._lenient:
            raise LinkLost("a line of more than {} bytes".format(self._max))

    def _text(self, line: bytes) -> str:
        if self._lenient:
            return plain(line)
        for byte in line:
            if byte > 126:
                raise LinkLost("a line that is not text: {}".format(line[:32]))
        return line.decode().strip()


def plain(data: bytes) -> str:
    """Printable ASCII; one ``?`` for every other character of UTF-8."""
    seen = bytearray()
    for byte in data:
        if 32 <= byte <= 126:
            seen.append(byte)
        elif byte & 0xC0 != 0x80 and byte != 13:
            seen.append(63)
    return bytes(seen).decode().strip()
