"""Joining a network that comes and goes."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.firmware import rig
from common.backoff import Backoff
from common.wifi import Wifi


class FakeWlan:
    """A radio that joins at the nth try, 2 s after it; raises at those in ``raising``."""

    def __init__(self, clock: rig.FakeClock, at_try: int, raising: tuple[int, ...] = ()) -> None:
        self.clock, self.at_try, self.raising = clock, at_try, raising
        self.tries: list[int] = []
        self.on = False

    def active(self, on: bool) -> None:
        self.on = on

    def connect(self, ssid: str, password: str) -> None:
        assert self.on and (ssid, password) == ("home", "secret")
        self.tries.append(self.clock.now)
        if len(self.tries) in self.raising:
            raise OSError("Wifi Internal State Error")

    def isconnected(self) -> bool:
        joined = self.on and len(self.tries) >= self.at_try
        return joined and self.clock.now - self.tries[-1] >= 2000

    def ifconfig(self) -> tuple[str, ...]:
        return ("192.0.2.9", "", "", "")


class WifiTests(SynchronousTestCase):
    """Wifi.connect()."""

    def join(self, at_try: int, raising: tuple[int, ...] = ()) -> FakeWlan:
        clock = rig.FakeClock()
        self.watchdog = rig.FakeWatchdog(clock)
        self.said: list[str] = []
        wlan = FakeWlan(clock, at_try, raising)
        self.wifi = Wifi(wlan, "home", "secret", Backoff(lambda: 0.5), self.watchdog,
                         self.said.append)
        self.wifi.connect()
        return wlan

    def test_at_once(self) -> None:
        """A network that is there is joined at the first try, and not asked again."""
        wlan = self.join(1)
        self.wifi.connect()
        self.assertEqual(len(wlan.tries), 1)
        self.assertEqual(self.said, ["wifi: address 192.0.2.9"])

    def test_keeps_trying(self) -> None:
        """A network that is away is tried with growing, jittered waits, the watchdog fed."""
        wlan = self.join(6)
        gaps = [later - earlier for earlier, later in zip(wlan.tries, wlan.tries[1:])]
        self.assertEqual(gaps, sorted(gaps))
        self.assertGreater(gaps[-1], 15_000 + 7000)
        self.assertLessEqual(self.watchdog.hunger, 1000)

    def test_radio_errors(self) -> None:
        """A radio that raises is switched off and on, and tried again."""
        wlan = self.join(3, raising=(1, 2))
        self.assertEqual(len(wlan.tries), 3)
        self.assertTrue(self.wifi.connected())
