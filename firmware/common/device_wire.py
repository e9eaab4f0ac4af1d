"""The device wire after the keyed hello: words in, readings and messages out, all as lines."""

from common.errors import LinkLost

#: The daemon keeps 250 ms between its words, and may be busy; 15 s is broken.
SEND_MS = 15000
#: While nothing comes there is nothing to do but to wait; ping and pong are the connection's.
START_MS = 5000
#: Words that come while a message is being sent; the daemon sends none, so few are enough.
MAX_KEPT = 8


class DeviceWire:
    """One started conversation over a Connection; every method may raise LinkLost or OSError."""

    def __init__(self, connection):
        self._connection = connection
        self._kept = []

    def wait_for_start(self) -> None:
        """Return once the daemon has taken this board in, which may take for ever."""
        while self._connection.line(START_MS) != "start":
            pass

    def word(self, wait_ms: int):
        """The daemon's next line, or None after ``wait_ms``."""
        if self._kept:
            return self._kept.pop(0)
        return self._connection.line(wait_ms)

    @property
    def heard(self) -> int:
        """Changes whenever something came."""
        return self._connection.heard

    def tell(self, text: str) -> None:
        """A line that is neither reading nor message."""
        self._connection.tell(text)

    def nudge(self) -> None:
        """Make the daemon say something, if it is there."""
        self._connection.nudge()

    def reading(self, value: float, unit: str) -> None:
        """A measured value, with two decimals: ``72.00,bpm``."""
        self._connection.send("{:.2f},{}\n".format(value, unit).encode())

    def request(self, what: str) -> None:
        """Ask for the report (``rep``) or a piece of advice (``a`` to ``i``)."""
        self._connection.send("0,{}\n".format(what).encode())

    def message(self, data) -> None:
        """A weight or a picture: its size, the daemon's leave, and exactly these bytes."""
        self._connection.send("size-{}\n".format(len(data)).encode())
        self._connection.hold(True)
        self._await_send()
        self._connection.send(data)
        self._connection.hold(False)

    def complain(self, text: str) -> None:
        """What is wrong with this board, as a line that is neither reading nor message."""
        shown = "".join(letter if " " <= letter <= "~" else "?" for letter in text)
        self._connection.send("error {}\n".format(shown[:200]).encode())

    def _await_send(self) -> None:
        line = self._connection.line(SEND_MS)
        while line != "send":
            if line is None:
                raise LinkLost("no send within {} s".format(SEND_MS // 1000))
            if len(self._kept) < MAX_KEPT:
                self._kept.append(line)
            line = self._connection.line(SEND_MS)
