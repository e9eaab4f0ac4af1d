"""Whose word about its clients counts, and who they then are."""

from __future__ import annotations

from twisted.internet.address import UNIXAddress

from tests.site.house import HouseTestCase

PROXIES = ["10.0.0.0/8", "2001:db8::/32", "127.0.0.1"]


class AddressTests(HouseTestCase):
    """The address that throttles and the audit see."""

    def setUp(self) -> None:
        self.house = self.build(trusted_proxies=PROXIES)

    def address(self, forwarded: str | None, peer: str = "10.0.0.1") -> str:
        told = {} if forwarded is None else {"X-Forwarded-For": forwarded}
        reply = self.house.ask("POST", "/api/v1/admin", who="bot", headers=told, address=peer)
        return str(reply.json["address"])

    def test_direct(self) -> None:
        """Who comes directly is who they are, whatever they claim."""
        self.assertEqual(self.address("1.2.3.4", peer="192.0.2.7"), "192.0.2.7")

    def test_behind_proxies(self) -> None:
        """The last one named that is no proxy of ours is the client."""
        for forwarded, client in (
            ("1.2.3.4", "1.2.3.4"), ("6.6.6.6, 1.2.3.4", "1.2.3.4"),
            ("1.2.3.4, 10.9.9.9", "1.2.3.4"), ("6.6.6.6,1.2.3.4,10.9.9.9,10.8.8.8", "1.2.3.4"),
            ("2a00::1", "2a00::1"), ("[2a00::1]", "2a00::1"), ("::ffff:1.2.3.4", "1.2.3.4"),
        ):
            self.assertEqual(self.address(forwarded), client, forwarded)

    def test_rubbish(self) -> None:
        """What is no address ends the chain at the last that is one."""
        for forwarded, client in (("junk", "10.0.0.1"), ("1.2.3.4, junk, 10.9.9.9", "10.9.9.9"),
                                  ("", "10.0.0.1"), ("1.2.3.4\xff", "10.0.0.1")):
            self.assertEqual(self.address(forwarded), client, forwarded)
        self.assertEqual(self.address(None), "10.0.0.1")

    def test_proxies_are_not_loopback(self) -> None:
        """A proxy on this machine makes nobody a user of this machine."""
        reply = self.house.ask("GET", "/metrics", address="127.0.0.1")
        self.assertEqual(reply.status, 401)

    def test_forwarded_host(self) -> None:
        """A believed proxy may say under which name the site was asked for."""
        told = {"Origin": "https://house.example", "X-Forwarded-Host": "house.example"}
        for peer, status in (("10.0.0.1", 200), ("192.0.2.7", 403)):
            reply = self.house.ask("POST", "/api/v1/admin", who="ann", headers=told, address=peer)
            self.assertEqual(reply.status, status, peer)

    def test_socket_files(self) -> None:
        """Behind a socket in the file system stands a proxy that is believed."""
        line = self.house.connect()
        request = line.channel.requestFactory(line.channel)
        request.client = UNIXAddress(None)
        surroundings = self.house.site.surroundings
        self.assertEqual(surroundings.client_address(request), "unix")
        request.requestHeaders.setRawHeaders("X-Forwarded-For", ["1.2.3.4"])
        self.assertEqual(surroundings.client_address(request), "1.2.3.4")
        self.assertFalse(surroundings.is_loopback(request))
