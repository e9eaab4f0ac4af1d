"""The loop that every board runs for ever: connect, say hello, serve, and begin anew."""

import gc

from common.connection import Connection
from common.errors import Denied, LinkLost
from common.hello import HELLO_MS, say_hello
from common.lines import MAX_TEXT_BYTES, LineReader
from common.stream import open_socket

#: On the device wire the daemon speaks first, for older firmware; ours drops exactly this much.
GREETING_BYTES = 36


class Link:
    """Keeps one keyed connection to the daemon; ``wire`` is "cam" or "dev"."""

    def __init__(self, settings, wire: str, wifi, backoff, watchdog, clock,
                 open_socket=open_socket, say=print):
        self._settings = settings
        self._wire = wire
        #: Has connected().
        self.wifi = self._wifi = wifi
        self._backoff = backoff
        self._watchdog = watchdog
        self._clock = clock
        self._open_socket = open_socket
        self._say = say

    def run(self, serve) -> None:
        """Never returns; ``serve(connection)`` is called after each hello."""
        while True:
            self._watchdog.sleep_ms(self.once(serve))

    def once(self, serve) -> int:
        """One connection from its beginning to its end; how long to wait in ms."""
        connection = None
        denied = False
        try:
            self._wifi.connect()
            connection = self._connect()
            self._hello(connection)
            self._say("link: up")
            serve(connection)
        except Denied as problem:
            denied = True
            self._say("link: {}".format(problem))
        except Exception as problem:
            # Whatever it was, a board that gives up helps nobody
            self._say("link: {}".format(repr(problem)))
        if connection is not None:
            connection.close()
        gc.collect()
        return self._wait_ms(connection, denied)

    def _connect(self):
        server = self._settings["server"]
        secure = server.get("tls", False)
        self._say("link: to {} port {}{}".format(server["host"], server["port"],
                                                 ", encrypted" if secure else ""))
        context = _context() if secure else None
        sock = self._open_socket(server["host"], server["port"])
        try:
            return self._speak_on(_secured(sock, context) if secure else sock)
        except Exception:
            sock.close()
            raise

    def _speak_on(self, sock) -> Connection:
        device = self._wire == "dev"
        lines = LineReader(MAX_TEXT_BYTES, lenient=True) if device else LineReader()
        return Connection(sock, self._clock, self._watchdog, lines)

    def _hello(self, connection) -> None:
        if self._wire == "dev" and not connection.skip(GREETING_BYTES, HELLO_MS):
            raise LinkLost("no greeting: is server.port the port for devices?")
        say_hello(connection, self._wire, self._settings["id"], self._settings["key"])

    def _wait_ms(self, connection, denied: bool) -> int:
        if denied:
            wait = self._backoff.slow_ms()
        else:
            if connection is not None and connection.healthy:
                self._backoff.reset()
            if connection is not None and self._wifi.connected():
                self._backoff.spread()
            wait = self._backoff.next_ms()
        self._say("link: again in {} ms".format(wait))
        return wait


def _context():
    # Most boards never need it in memory
    from common.secure import open_context

    return open_context()


def _secured(sock, context):
    from common.secure import secured

    return secured(sock, context)
