"""What tests of watch, cabinet and its camera share: a link that plays a script, a bus, a light."""

from __future__ import annotations

from typing import Any

from tests.firmware import rig
from common.errors import LinkLost


class FakeConnection:
    """Plays a script of (at ms, line), grants every message, works meanwhile; then it is lost."""

    def __init__(self, clock: rig.FakeClock, work: Any, until: int,
                 *script: tuple[int, str]) -> None:
        self.clock, self.work, self.until = clock, work, until
        self.began = clock.now
        self.script = [(0, "start"), *script]
        self.sent: list[tuple[int, bytes]] = []

    def at(self) -> int:
        return self.clock.now - self.began

    def line(self, wait_ms: int) -> str | None:
        until = self.at() + wait_ms
        while True:
            self.work()
            if self.script and self.script[0][0] <= self.at():
                return self.script.pop(0)[1]
            if self.at() >= self.until:
                raise LinkLost("the script is over")
            if self.at() >= until:
                return None
            self.clock.sleep_ms(10)

    def send(self, data: Any) -> None:
        if self.at() >= self.until:
            raise LinkLost("the script is over")
        data = bytes(data)
        self.sent.append((self.at(), data))
        if data.startswith(b"size-"):
            self.script.insert(0, (self.at(), "send"))

    def hold(self, holding: bool) -> None:
        pass

    def texts(self) -> list[bytes]:
        return [text for _, text in self.sent]


class FakeLed:
    """Keeps its colours."""

    def __init__(self) -> None:
        self.colours: list[str] = []

    def show(self, colour: str) -> None:
        self.colours.append(colour)


class Shown:
    """A part that is always there, or never."""

    def __init__(self, thing: Any) -> None:
        self.thing = thing

    def get(self) -> Any:
        return self.thing

    def failed(self, problem: Exception) -> None:
        self.thing = None


class Bus:
    """An I2C bus with these models on it; ``broken`` ones don't answer."""

    def __init__(self, *parts: Any) -> None:
        self.parts = {part.address: part for part in parts}
        self.broken: set[int] = set()

    def part(self, address: int) -> Any:
        if address not in self.parts or address in self.broken:
            raise OSError(19, "ENODEV")
        return self.parts[address]

    def readfrom_mem(self, address: int, register: int, count: int) -> Any:
        return self.part(address).readfrom_mem(register, count)

    def writeto_mem(self, address: int, register: int, data: Any) -> None:
        self.part(address).writeto_mem(register, data)

    def writeto(self, address: int, data: Any) -> None:
        self.part(address).writeto(bytes(data))
