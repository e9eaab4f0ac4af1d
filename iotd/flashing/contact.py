"""What a board prints while it looks for the daemon, and what its words mean for a person."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Iterable, NamedTuple

from iotd.flashing.model import hide

#: Of a line without an end; a board that prints more prints rubbish.
MOST_LINE = 1024


class Sign(NamedTuple):
    """A line that means something: final when it was seen ``times``, 0 is never."""

    pattern: re.Pattern[str]
    times: int
    sentence: str


def _sign(pattern: str, times: int, sentence: str) -> Sign:
    return Sign(re.compile(pattern), times, sentence)


# Numbers are those of lwIP and of newlib, which MicroPython's ports for ESP32 print
_SIGNS = (
    _sign(r"^settings\.json: (.+)", 1, "The board does not take its settings: {0}."),
    _sign(r"^link: the daemon refuses our key", 1,
          "The daemon refuses the board's key: run this again, and it gets a new one."),
    _sign(r"^wifi: no ", 3,
          "The board can't join its Wi-Fi: look at name and password, and that it is one of"
          " 2.4 GHz in reach; then run this again with --wifi ask."),
    _sign(r"^link: .*(?:ECONNREFUSED|\b111\b)", 0,
          "Nobody listens where the board looks for the daemon: start it, look at its listen"
          " settings, and give its address with --server."),
    _sign(r"^link: .*(?:EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|ECONNABORTED|\b11[0368]\b|timed out)",
          0, "The board is in its Wi-Fi and finds no way to the daemon: look at --server, at"
          " firewalls, and whether the Wi-Fi lets its guests reach others."),
    _sign(r"^link: .*(?:OSError\((?:-2|-3|-6|-202)\b|getaddrinfo|gaierror)", 0,
          "The board can't find the daemon by its name: give its address with --server."),
    _sign(r"^link: .*(?:[Mm]bed|MBEDTLS|SSL|certificate)", 0,
          "The board does not trust what answers as the daemon: run this again where the daemon"
          " is, so that it gets the present authority's certificate."),
    _sign(r"^link: .*(?:no greeting|no nonce|no answer to our hello|CONNACK)", 0,
          "Something else than the daemon answers the board: look at server.host and"
          " server.port."),
    _sign(r"^there is no firmware in /a or /b", 1,
          "The board finds no firmware on itself: run this again."),
    _sign(r"^again in \d+ s, or Ctrl-C", 1, "The firmware fell over: {last}"),
)
_NEVER = "The board was restarted and the daemon has not heard of it."


@dataclass
class Ear:
    """Hears a board; ``secrets`` are in no line that it gives."""

    secrets: tuple[str, ...] = ()
    final: str | None = None
    hint: str = _NEVER
    up: bool = False
    _rest: str = ""
    _last: str = ""
    _seen: dict[str, int] = field(default_factory=dict)

    def hear(self, data: bytes) -> list[str]:
        """The whole lines of what came, fit for a terminal and for anybody's eyes."""
        *lines, self._rest = (self._rest + data.decode(errors="replace")).split("\n")
        self._rest = self._rest[-MOST_LINE:]
        return [shown for shown in map(self._line, lines) if shown]

    def _line(self, text: str) -> str:
        plain = "".join(each for each in text if each.isprintable()).strip()
        shown = hide(plain, self.secrets)[:MOST_LINE]
        self.up = self.up or plain.startswith("link: up")
        for sign in _SIGNS:
            found = sign.pattern.search(plain)
            if found:
                self._take(sign, [hide(each, self.secrets) for each in found.groups()])
                break
        self._last = shown or self._last
        return shown

    def _take(self, sign: Sign, groups: Iterable[str]) -> None:
        count = self._seen[sign.sentence] = self._seen.get(sign.sentence, 0) + 1
        self.hint = sign.sentence.format(*groups, last=self._last)
        if sign.times and count >= sign.times:
            self.final = self.final or self.hint
