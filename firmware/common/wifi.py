"""The board's Wi-Fi: joins its network, and joins it again, for ever."""

#: An ESP32 joins in 1 to 5 s; after 15 s a fresh start of the radio helps more than waiting.
JOIN_MS = 15000
POLL_MS = 250


class Wifi:
    """One station interface; ``wlan`` is a network.WLAN."""

    def __init__(self, wlan, ssid: str, password: str, backoff, watchdog, say=print):
        self._wlan = wlan
        self._ssid = ssid
        self._password = password
        self._backoff = backoff
        self._watchdog = watchdog
        self._say = say

    def connected(self) -> bool:
        """Whether the board has an address right now."""
        return self._wlan.isconnected()

    def rssi(self):
        """How well it hears its access point, in dBm from -127 to 0; None when nobody knows."""
        try:
            return max(-127, min(0, int(self._wlan.status("rssi"))))
        except (OSError, ValueError, TypeError, AttributeError):
            return None

    def connect(self) -> None:
        """Return once connected; tries for ever, with growing waits between."""
        while not self.connected() and not self._join():
            wait = self._backoff.next_ms()
            self._say("wifi: no {}, again in {} ms".format(repr(self._ssid), wait))
            self._watchdog.sleep_ms(wait)
        self._backoff.reset()

    def _join(self) -> bool:
        try:
            self._wlan.active(True)
            self._wlan.connect(self._ssid, self._password)
            if self._wait():
                self._say("wifi: address {}".format(self._wlan.ifconfig()[0]))
                return True
        except OSError as problem:
            self._say("wifi: {}".format(repr(problem)))
        # A radio that is switched off and on forgets whatever it hung on
        self._wlan.active(False)
        return False

    def _wait(self) -> bool:
        waited = 0
        while not self.connected() and waited < JOIN_MS:
            self._watchdog.sleep_ms(POLL_MS)
            waited += POLL_MS
        return self.connected()


def open_station(hostname: str):
    """The station interface, under this name on the network, without power saving."""
    import network

    try:
        network.hostname(hostname)
    except (AttributeError, ValueError):
        pass  # firmware before 1.20, or a name longer than it takes: only cosmetic
    wlan = network.WLAN(network.STA_IF)
    wlan.active(True)
    try:
        # Power saving holds frames back for up to 100 ms a beacon
        wlan.config(pm=network.WLAN.PM_NONE)
    except (AttributeError, ValueError, OSError):
        pass  # a port that knows no power saving has none to switch off
    return wlan
