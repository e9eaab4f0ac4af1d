"""When a broker is tried again, and where it is."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from iotd.errors import Invalid
from iotd.mqtt.address import Address, parse
from iotd.mqtt.retry import Retry


class RetryTests(SynchronousTestCase):
    """Fast once, then ever slower."""

    def test_grows(self) -> None:
        """The first try is at once, the others wait twice as long each, up to a minute."""
        retry = Retry(chance=lambda: 0.0)
        delays = [retry.delay(0.0) for _ in range(10)]
        self.assertEqual(delays, [0.2, 1, 2, 4, 8, 16, 32, 60, 60, 60])

    def test_jitter(self) -> None:
        """Chance shortens a delay by up to half."""
        retry = Retry(chance=lambda: 1.0)
        self.assertEqual([retry.delay(0.0) for _ in range(3)], [0.2, 0.5, 1.0])

    def test_anew(self) -> None:
        """After a connection that held the count begins anew, after short ones it stays low."""
        retry = Retry(chance=lambda: 0.0)
        for _ in range(5):
            retry.delay(0.0)
        self.assertEqual((retry.delay(1.0), retry.delay(60.0)), (2.0, 0.2))
        self.assertEqual([retry.delay(1.0) for _ in range(4)], [1.0, 2.0, 2.0, 2.0])

    def test_years(self) -> None:
        """A broker that stays away for years is still tried every minute."""
        retry = Retry(chance=lambda: 0.0)
        self.assertEqual({retry.delay(0.0) for _ in range(3000)}, {0.2, 1, 2, 4, 8, 16, 32, 60})


class AddressTests(SynchronousTestCase):
    """``mqtt.broker`` read."""

    def test_parts(self) -> None:
        """Host, port, user and password, with what is escaped in them; ports have defaults."""
        self.assertEqual(parse("mqtt://broker"), Address("broker", 1883))
        self.assertEqual(parse("mqtts://[2001:db8::1]/"),
                         Address("2001:db8::1", 8883, None, None, True))
        self.assertEqual(parse("mqtt://a%40b:p%2Fs@host:1884"),
                         Address("host", 1884, "a@b", "p/s"))
        self.assertEqual(parse("mqtt://user:@host").password, "")

    def test_shown(self) -> None:
        """The password is in no text made of it."""
        where = parse("mqtts://user:geheim@[::1]:8883")
        self.assertEqual(str(where), "[::1]:8883")
        self.assertNotIn("geheim", f"{where!r} {where} {[where]}")

    def test_not_an_address(self) -> None:
        """Anything else is refused; the sentence does not quote it."""
        for text in ("embedded", "http://host", "mqtt://", "mqtt://host:0", "mqtt://u:geheim@h:x"):
            fault = self.assertRaises(Invalid, parse, text)
            self.assertNotIn("geheim", str(fault))
