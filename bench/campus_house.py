"""A daemon between a Mosquitto and a MariaDB, a register of 20,000, and who publishes to it."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

from bench import campus_field as field
from bench.daemon import Iotd
from bench.load import Bench
from bench.mariadb import MariaDB
from bench.mosquitto import Mosquitto
from bench.process import Child, client_core, until

CONFIG = 'broker = "mqtt://127.0.0.1:{port}"\n[store]\nurl = "{url}"\n'
LOOK = 0.2  # seconds between two looks at the daemon's figures
PATIENCE = 300.0
ACKNOWLEDGED, APPLIED = "iotd_mqtt_acknowledged_total", "iotd_campus_messages_total"


@dataclass
class Sample:
    """What was done at one moment, in seconds since the first message."""

    at: float
    acknowledged: int
    applied: int


@dataclass
class Measured:
    """One phase; ``spent`` are seconds of CPU by whom, and by the daemon's threads and parts.

    ``waiting``: most messages that were acknowledged and not applied. ``load`` is the machine's.
    """

    count: int
    samples: list[Sample]
    spent: dict[str, float]
    waiting: int
    load: float

    def seconds(self, name: str) -> float:
        """Until all were acknowledged, or applied."""
        return next(s.at for s in self.samples if getattr(s, name) >= self.count)

    def rate(self, name: str) -> float:
        """Messages a second, from the first message on."""
        return self.count / self.seconds(name)

    def each(self, *names: str) -> float:
        """CPU-s of some for 10,000 messages."""
        return sum(self.spent.get(name, 0.0) for name in names) / self.count * 10_000

    def share(self, name: str) -> float:
        """Of the time until all were applied."""
        return self.spent[name] / self.seconds("applied")


class House:
    """All of it, started; ``publish`` measures."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.store = MariaDB(bench, "256M", client_core(), "mariadb-campus")
        self.broker = Mosquitto(bench, "mosquitto-campus")
        self._clocks = bench.folder / "clocks"
        url = self.store.new_database("campus")
        self.iotd = Iotd(
            bench, name="campus", more=CONFIG.format(port=self.broker.port, url=url),
            program=(sys.executable, "-m", "bench.campus_clocks", self._clocks),
        )
        register = bench.folder / "register.csv"
        field.write_register(register)
        begin = time.monotonic()
        self.iotd.command("students", "import", register)
        self.importing = time.monotonic() - begin
        self.base = time.time() - 2 * 3600
        self.loader = loader(bench, self.broker, self.base)
        self.loader.say("hello")
        self.loader.line()
        until("gates are approved", self._approved)
        self._next = 0

    def end(self) -> None:
        """Stop the daemon and who publishes."""
        self.loader.end()
        self.iotd.end()

    def publish(
        self, count: int, rate: float = 0.0, half: Callable[[], None] | None = None
    ) -> Measured:
        """The next messages; ``half`` is called when half of them are acknowledged."""
        self.loader.say(f"make {self._next} {count}")
        self.loader.line()
        self._next += count
        before, begun = self._figures(), self._totals()
        self.loader.say(f"go {rate}")
        start, samples, waiting = time.monotonic(), [], 0
        while not samples or samples[-1].applied < count:
            time.sleep(LOOK)
            samples.append(self._sample(start, begun))
            waiting = max(waiting, samples[-1].acknowledged - samples[-1].applied)
            if half is not None and samples[-1].acknowledged >= count / 2:
                half, _ = None, half()
            if samples[-1].at > PATIENCE:
                raise RuntimeError(f"{samples[-1]} of {count}: {self.iotd.last_words()}")
        self.loader.line()
        after = self._figures()
        spent = {name: after[name] - before.get(name, 0.0) for name in after}
        return Measured(count, samples, spent, waiting, os.getloadavg()[0])

    def stored(self) -> dict[str, int]:
        """How many messages, movements and sightings the store holds."""
        with self.store.connect("campus") as connection, connection.cursor() as cursor:
            cursor.execute("SELECT heard FROM campus_boots")
            ranges = [pair for row in cursor.fetchall() for pair in json.loads(row[0])]
            cursor.execute("SELECT COUNT(*) FROM campus_movements")
            movements = cursor.fetchone()[0]
            cursor.execute("SELECT COUNT(*) FROM campus_sightings")
            return {
                "messages": sum(high - low + 1 for low, high in ranges), "movements": movements,
                "sightings": cursor.fetchone()[0],
            }

    def sent(self) -> dict[str, int]:
        """What it has to hold."""
        return {"messages": self._next, "movements": field.movements_in(0, self._next),
                "sightings": 2 * self._next}

    def _approved(self) -> bool:
        gates = self.iotd.api("GET", "/api/v1/campus/gates")["items"]
        return sum(gate["state"] == "online" for gate in gates) == field.GATES

    def _totals(self) -> tuple[int, int]:
        with self.iotd.open("GET", "/metrics") as answer:
            lines = [line.split() for line in answer.read().decode().splitlines()]
        told = {words[0]: words[1] for words in lines if len(words) == 2}
        return int(float(told[ACKNOWLEDGED])), int(float(told[APPLIED]))

    def _sample(self, start: float, begun: tuple[int, int]) -> Sample:
        acknowledged, applied = self._totals()
        at = time.monotonic() - start
        return Sample(at, acknowledged - begun[0], applied - begun[1])

    def _figures(self) -> dict[str, float]:
        """Seconds of CPU so far of everybody, and of the daemon's threads and parts."""
        self._clocks.unlink(missing_ok=True)
        os.kill(self.iotd.process.pid, signal.SIGUSR2)
        until("the daemon's clocks", self._clocks.exists, every=0.01)
        told: dict[str, Any] = json.loads(self._clocks.read_text())
        return {
            **told["threads"], **told["parts"], "daemon": sum(told["threads"].values()),
            "broker": self.broker.process.cpu(), "store": self.store.cpu(),
            "waited": self.iotd.process.waited(),
        }


def loader(bench: Bench, broker: Mosquitto, base: float) -> Child:
    """One that is connected."""
    words = [sys.executable, "-m", "bench.campus_loader", str(broker.port), str(base)]
    child = bench.keep(Child([*map(Path, words[:1]), *words[1:]], client_core()))
    child.line()
    return child
