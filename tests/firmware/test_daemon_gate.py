"""The gate's firmware against the whole daemon: over its own broker, and over a Mosquitto."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Callable

from twisted.trial.unittest import SynchronousTestCase

from iotd.simulate.students import COLUMNS, Student
from iotd.wire.macs import spell_mac
from tests.brokers import HERE, Mosquitto, free_port
from tests.firmware.gate_listener import GateListener
from tests.firmware.vm import Board, device_board
from tests.running_daemon import RunningDaemon

ANNA, BO, CHANDRA = (Student(number) for number in (1, 2, 3))
STRANGER = ["phone", "06aabbccddee", -50]
GATE = "/api/v1/campus/gates/gate-a"
SUMMARY = "/api/v1/campus/summary"


def phone(student: Student, rssi: int = -40) -> list[Any]:
    """A student's phone near the gate."""
    return ["phone", student.mac, rssi]


class GateDaemonCase(SynchronousTestCase):
    """One daemon in a process of its own that knows three students, and a gate in another."""

    def run_daemon(self, **mqtt: str) -> None:
        """Start it, and make the register."""
        self.daemon = RunningDaemon(self.folder, {"mqtt": mqtt})
        self.addCleanup(self.daemon.stop)
        self.daemon.start()
        path = self.folder / "students.csv"
        rows = [COLUMNS, *(each.row() for each in (ANNA, BO, CHANDRA))]
        path.write_text("\n".join(",".join(row) for row in rows) + "\n")
        self.daemon.iotd("students", "import", str(path))

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).resolve()
        self.folder.mkdir()

    def gate(self, port: int, key: str, **world: Any) -> Board:
        """A gate that is switched on; the time is right."""
        flash = self.folder / "flash"
        flash.mkdir(exist_ok=True)
        self.board = device_board(
            "gate", port, "gate-a", key, speed=5.0, flash=flash,
            world={"near": [phone(ANNA), STRANGER], "ntp": None, **world})
        self.addCleanup(self.board.stop)
        return self.board.start()

    def key(self) -> str:
        return self.daemon.iotd("device", "key", "gate-a", "--kind", "gate").strip()

    def comes(self, what: Callable[[], Any], seconds: float = 40.0) -> Any:
        """The first true thing that ``what`` gives; what was said meanwhile when none came."""
        until = time.monotonic() + seconds
        while not (found := what()):
            if time.monotonic() > until:
                self.fail(f"{self.board.output}, {self.board.errors()}, "
                          f"{self.daemon.log()[-3000:]}")
            time.sleep(0.05)
        return found

    def ask(self, path: str) -> Any:
        """An answer for an admin."""
        return self.daemon.call("GET", path, role="admin")

    def inside(self) -> int:
        """How many are."""
        return int(self.ask(SUMMARY)["inside"])

    def assert_well(self) -> None:
        """The board did not fall over, and the daemon wrote no address down."""
        self.assertEqual((self.board.resets, self.board.errors()), ([], ""))
        for path in self.daemon.data.rglob("*"):
            if path.is_file():
                data = path.read_bytes().lower()
                for student in (ANNA, BO, CHANDRA):
                    self.assertNotIn(student.mac.encode(), data, path)
                    self.assertNotIn(bytes.fromhex(student.mac), data, path)
        for student in (ANNA, BO, CHANDRA):
            for spelling in (student.mac, spell_mac(student.mac)):
                self.assertNotIn(spelling, self.daemon.log().lower())


class EmbeddedTests(GateDaemonCase):
    """Over the daemon's own broker."""

    def test_seen(self) -> None:
        """Signed in by its key; a known phone moves its owner, a restart loses nothing."""
        port = free_port()
        self.run_daemon(listen=f"tcp:{port}:interface={HERE}")
        board = self.gate(port, self.key())
        self.comes(lambda: self.inside() == 1)
        told = self.ask(GATE)
        self.assertEqual((told["state"], told["protected"], told["direction"], told["lost"]),
                         ("online", True, "entry", 0))
        [last] = self.ask("/api/v1/campus/recent")["items"]
        self.assertEqual((last["rollno"], last["direction"], last["gate"]),
                         (ANNA.rollno, "entry", "gate-a"))
        self.daemon.stop()
        self.comes_red(board)
        board.set(near=[phone(BO)])
        before = self.written()
        # twice: what was written the second time has Bo in it
        for _ in range(2):
            self.comes(lambda: self.written() > before)
            before = self.written()
        board.set(near=[])
        self.daemon.start()
        self.comes(lambda: self.inside() == 2)
        self.assert_well()

    def written(self) -> int:
        """What the gate has on its flash."""
        return sum(path.stat().st_size for path in (self.folder / "flash").iterdir())

    def comes_red(self, board: Board) -> None:
        """The gate notices that the daemon is gone."""
        self.assertTrue(board.wait_for(lambda: board.led == "red"), board.output)


class MosquittoTests(GateDaemonCase):
    """Over a broker of one's own."""

    def test_broker_loses(self) -> None:
        """What died with the broker is noticed as a gap, asked for, and told again."""
        broker = Mosquitto(self.folder / "broker").start()
        self.addCleanup(broker.kill)
        self.run_daemon(broker=broker.address)
        board = self.gate(broker.port, self.key())
        self.comes(lambda: self.inside() == 1)
        self.daemon.stop()
        listener = GateListener(broker.port)
        board.set(near=[phone(BO), phone(CHANDRA, -45)])
        seen = spell_mac(BO.mac).encode()
        # the broker has it, and nobody to tell it to
        self.comes(lambda: any(seen in payload for payload in listener.heard("seen")))
        listener.close()
        board.set(near=[])
        broker.kill()
        (self.folder / "broker" / "mosquitto.db").unlink(missing_ok=True)
        broker.start()
        self.daemon.start()
        board.set(near=[phone(ANNA)])
        self.comes(lambda: self.inside() == 3)
        told = self.comes(lambda: (found := self.ask(GATE)) and not found["gaps"] and found)
        self.assertEqual(told["lost"], 0)
        self.assertGreaterEqual(told["replays"], 1)
        self.assert_well()
