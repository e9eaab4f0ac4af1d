"""The thread on which a campus's gates live."""

from __future__ import annotations

import selectors
import time
from random import Random
from threading import Event, Lock, Thread
from typing import Callable, Iterable

from iotd.campus.model import Heard
from tests.system.campus_gate import CampusGate, Name
from tests.system.campus_plan import Sight

TICK = 0.005


class CampusGates(Thread):
    """All gates on one thread, publishing ``rate`` sightings a second while ``making``.

    ``next_sight()`` is called on the thread. Of ``late`` in a hundred messages the telling is
    put off for up to four seconds, ``twice`` in a hundred are told again, and beside them
    ``lost`` in a hundred are never told.
    """

    def __init__(
        self, keys: dict[str, str | None], port: int, next_sight: Callable[[], Sight], *,
        seed: int, rate: float = 500.0, late: float = 0.0, twice: float = 2.0,
        lost: float = 0.0,
    ) -> None:
        super().__init__(name="campus gates", daemon=True)
        self.port, self._next, self.rate = port, next_sight, rate
        self._late, self._twice, self._lost = late / 100, twice / 100, lost / 100
        self._chance = Random(f"gates {seed}")
        self.gates = {id: CampusGate(id, key, self._chance) for id, key in keys.items()}
        self._making, self._closing, self._lock = Event(), Event(), Lock()
        self._begun, self._made = 0.0, 0
        self.seconds = 0.0  # that sightings were made
        self.error: BaseException | None = None

    # -- from the test

    def make(self) -> None:
        """See people from now on."""
        with self._lock:
            self._begun, self._made = time.monotonic(), 0
            self._making.set()

    def rest(self) -> None:
        """Nobody comes any more; what was seen is told."""
        with self._lock:
            if self._making.is_set():
                self.seconds += time.monotonic() - self._begun
            self._making.clear()

    def close(self) -> None:
        """Switch all off."""
        self._closing.set()
        self.join(10)

    def reboot(self, id: str) -> None:
        """The power of one gate was away for a moment."""
        with self._lock:
            self.gates[id].begin_boot()
            self.gates[id].cut()

    def cut(self, id: str) -> None:
        """One gate has no network for a moment."""
        with self._lock:
            self.gates[id].cut()

    def take(self) -> tuple[str, str, bytes]:
        """One more message, to be published by somebody else: its gate, topic and payload."""
        with self._lock:
            sight = self._next()
            return (sight.gate, *self.gates[sight.gate].take(sight))

    @property
    def idle(self) -> bool:
        """Whether all gates have told all; AssertionError when the thread has ended."""
        if self.error is not None:
            raise AssertionError("the gates have died") from self.error
        with self._lock:
            return not self._making.is_set() and all(gate.idle for gate in self.gates.values())

    @property
    def made(self) -> list[Heard]:
        """All that was ever seen."""
        return [one for gate in self.gates.values() for one in gate.made]

    @property
    def last_told(self) -> dict[str, Name]:
        """Boot and number of the newest message of each gate."""
        with self._lock:
            return {id: (gate.boot, gate.last_told) for id, gate in self.gates.items()}

    @property
    def asked(self) -> int:
        """How often the daemon has asked any gate for a replay."""
        return sum(gate.asked for gate in self.gates.values())

    @property
    def replayed(self) -> int:
        """How many messages were told again for that."""
        return sum(gate.replayed for gate in self.gates.values())

    # -- on the thread

    def run(self) -> None:
        """Until it is closed."""
        try:
            with selectors.DefaultSelector() as selector:
                while not self._closing.is_set():
                    self._live(selector)
        except Exception as error:
            self.error = error
        finally:
            for gate in self.gates.values():
                gate.cut()

    def _live(self, selector: selectors.BaseSelector) -> None:
        with self._lock:
            if self._making.is_set():
                self._see_people()
            for gate in self.gates.values():
                gate.live(self.port, time.monotonic())
            _watch(selector, self.gates.values())
        ready = selector.select(TICK)
        with self._lock:
            for key, _ in ready:
                key.data.hear()

    def _see_people(self) -> None:
        due = int((time.monotonic() - self._begun) * self.rate) - self._made
        self._made += due
        for _ in range(due):
            sight, chance = self._next(), self._chance.random()
            late = self._chance.uniform(0.1, 4.0) if chance < self._late else 0.0
            self.gates[sight.gate].see(sight, late, 1 - chance < self._twice)
            if self._chance.random() < self._lost:
                self.gates[sight.gate].lose()


def _watch(selector: selectors.BaseSelector, gates: Iterable[CampusGate]) -> None:
    """Hear the sockets that there are now."""
    there = {gate.socket: gate for gate in gates if gate.socket is not None}
    for key in list(selector.get_map().values()):
        if key.fileobj not in there:
            selector.unregister(key.fileobj)
    known = {key.fileobj for key in selector.get_map().values()}
    for sock, gate in there.items():
        if sock not in known:
            selector.register(sock, selectors.EVENT_READ, gate)
