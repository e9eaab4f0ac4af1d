"""What connections of both wires have in common."""

from __future__ import annotations

import socket
from types import SimpleNamespace

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.trial.unittest import SynchronousTestCase

from iotd.devices.links import plain_address, watch_link


class AddressTests(SynchronousTestCase):
    """By which address a connection is known."""

    def test_addresses(self) -> None:
        """IPv4 stays so also when mapped into IPv6; a socket file is local."""
        for addr, text in (
            (IPv4Address("TCP", "10.0.0.7", 1), "10.0.0.7"),
            (IPv6Address("TCP", "::ffff:10.0.0.7", 1), "10.0.0.7"),
            (IPv6Address("TCP", "fe80::1%eth0", 1), "fe80::1"),
            (UNIXAddress("/tmp/x"), "local"),
        ):
            self.assertEqual(plain_address(addr), text)


class HalfOpenTests(SynchronousTestCase):
    """How a link is found that the other side left without a word."""

    def test_keepalive(self) -> None:
        """An idle link is tested after 10 s, three times 5 s apart; unheard bytes have 30 s."""
        with socket.socket() as sock:
            watch_link(SimpleNamespace(socket=sock))
            tcp = socket.IPPROTO_TCP
            self.assertEqual(sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE), 1)
            options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT,
                       socket.TCP_USER_TIMEOUT, socket.TCP_NODELAY)
            self.assertEqual([sock.getsockopt(tcp, each) for each in options],
                             [10, 5, 3, 30_000, 1])

    def test_files(self) -> None:
        """A socket file has nothing of the kind, nor has a transport without a socket."""
        with socket.socket(socket.AF_UNIX) as sock:
            watch_link(SimpleNamespace(socket=sock))
        watch_link(object())
