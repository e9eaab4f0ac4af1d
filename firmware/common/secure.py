"""TLS for the link: whoever answers shows a certificate that this board's authority signed.

The authority's certificate lies on the board as /ca.der. The handshake is done by the first
bytes that are sent or waited for; whoever waits for them has a deadline.
"""

import errno

from common.errors import LinkLost

CA = "/ca.der"
#: The daemon's certificate for boards has this name, whatever its address is.
NAME = "iotd"

#: mbedtls's errors are negative; these have a reason that somebody can do something about.
_UNTRUSTED = -0x2700
_NO_TLS = (-0x7200, -0x7100, -0x6600)


class SecureSocket:
    """What a Stream needs of a socket; ``polled`` is what select.poll takes."""

    def __init__(self, stream):
        self.polled = stream
        #: Whether to read before polling: decrypted bytes wait where no poll sees them, and
        #: nothing comes at all before the handshake was begun.
        self.more = True

    def setblocking(self, blocking: bool) -> None:
        """As of a socket."""
        self.polled.setblocking(blocking)

    def recv(self, size: int) -> bytes:
        """Up to ``size`` bytes; OSError EAGAIN when there are none yet."""
        data = self._done(self.polled.read, size)
        self.more = len(data) == size
        return data

    def send(self, data) -> int:
        """How many bytes were taken; OSError EAGAIN when none were."""
        return self._done(self.polled.write, data)

    def close(self) -> None:
        """Drop the connection."""
        self.polled.close()

    def _done(self, act, what):
        """Its answer; None is MicroPython's word for not now."""
        try:
            done = act(what)
        except (OSError, ValueError) as problem:
            raise told(problem)
        if done is None:
            self.more = False
            raise OSError(errno.EAGAIN)
        return done


def secured(sock, context) -> SecureSocket:
    """TLS over a connected socket."""
    sock.setblocking(False)
    return SecureSocket(context.wrap_socket(sock, server_hostname=NAME,
                                            do_handshake_on_connect=False))


def open_context(path: str = CA):
    """What trusts the authority at ``path`` and nobody else; LinkLost says why it can't be."""
    try:
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    except (ImportError, AttributeError):
        raise LinkLost("server.tls needs MicroPython 1.23 or newer on this board")
    try:
        with open(path, "rb") as file:
            authority = file.read()
    except OSError:
        raise LinkLost("server.tls is true, and there is no {} on this board".format(path))
    try:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=authority)
    except (OSError, ValueError):
        raise LinkLost("{} is no certificate: it must be DER, not PEM".format(path))
    return context


def told(problem):
    """The same in words, when it is one of TLS's own."""
    code = problem.args[0] if problem.args else 0
    # What a certificate lacks is told in a text, by a ValueError
    if code == _UNTRUSTED or isinstance(problem, ValueError):
        return LinkLost("the server's certificate is not of our authority, or not for " + NAME)
    if code in _NO_TLS:
        return LinkLost("the server speaks no TLS at this port")
    return problem
