"""The gate whole: its files in the MicroPython VM, against a real Mosquitto."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Callable

from twisted.trial.unittest import SynchronousTestCase

from iotd.wire.sightings import parse_badge, parse_seen
from tests.brokers import Mosquitto
from tests.firmware.gate_listener import GateListener
from tests.firmware.vm import Board, device_board

KEY = "0f" * 32
PHONES = [["phone", "020000000001", -40], ["eduroam", "0200000000ff", -30],
          ["phone", "020000000002", -50]]
NOON = 1_790_000_000


class GateTestCase(SynchronousTestCase):
    """One broker that a listener hears, and a gate that is off again afterwards."""

    speed = 10.0

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.broker = Mosquitto(self.folder / "broker").start()
        self.addCleanup(self.broker.kill)
        self.listener = GateListener(self.broker.port)
        self.addCleanup(self.listener.close)

    def gate(self, **more: Any) -> Board:
        """A gate that is switched on; its flash is the same each time."""
        flash = self.folder / "flash"
        flash.mkdir(exist_ok=True)
        world = {"near": PHONES, "ntp": NOON, **more.pop("world", {})}
        self.board = device_board("gate", self.broker.port, "gate-a", KEY, flash=flash,
                                  world=world, **{"speed": self.speed, **more})
        self.addCleanup(self.board.stop)
        return self.board.start()

    def until(self, what: Callable[[], Any], seconds: float = 30.0) -> Any:
        """The first true thing that ``what`` gives; how all stands when none came."""
        end = time.monotonic() + seconds
        while not (found := what()):
            if time.monotonic() > end or not self.board.running:
                self.fail(f"waited in vain: {self.board.output[-20:]}, {self.board.errors()}, "
                          f"{self.board.resets}, {self.listener.messages[-10:]}, "
                          f"{self.broker.log()[-1500:]}")
            self.listener.listen(0.02)
        return found

    def seen(self) -> list[Any]:
        """All that was told of phones."""
        return [each for payload in self.listener.told("seen")
                for each in read(parse_seen, payload)]

    def badges(self) -> list[Any]:
        """All that was told of badges."""
        return [each for payload in self.listener.told("badge")
                for each in read(parse_badge, payload)]

    def numbers(self, boot: str) -> list[int]:
        """The numbers that were told of this boot."""
        return [each.seq for each in self.seen() + self.badges() if each.boot == boot]

    def assert_well(self) -> None:
        """The board neither fell over nor said an address."""
        self.assertEqual((self.board.running, self.board.resets, self.board.errors()),
                         (True, [], ""))
        said = " ".join(self.board.output).lower()
        for secret in ("02:00", "0200000000", "04a1b2c3", KEY):
            self.assertNotIn(secret, said)


def read(parse: Callable[[bytes], Any], payload: bytes) -> list[Any]:
    """What the daemon's reader makes of it; it finds no fault."""
    found, faults = parse(payload)
    assert faults == [], faults
    return list(found)


class TellTests(GateTestCase):
    """What a gate tells."""

    def test_seen(self) -> None:
        """Phones by strength without networks of the campus; numbered from 1, with the time."""
        board = self.gate()
        self.until(lambda: len(self.seen()) >= 4)
        first, second = self.seen()[0], self.seen()[-1]
        self.assertEqual(second.seen, (("020000000001", -40), ("020000000002", -50)))
        self.assertEqual([each.seq for each in self.seen()], [*range(1, second.seq + 1)])
        self.assertEqual((first.direction, len(first.boot)), (0, 8))
        self.assertTrue(NOON <= second.ts < NOON + 300, second.ts)
        self.assertEqual(board.led, "green")
        self.assertEqual(self.listener.told("status")[-1], b"online")
        self.assert_well()

    def test_badge(self) -> None:
        """A badge is read once, at the exit as at the entry, and shares the numbers."""
        board = self.gate(settings={"direction": "exit"})
        self.until(lambda: board.led == "green")
        board.set(badges=["04A1B2C3D4E5F6"])
        self.until(self.badges)
        board.set(badges=["04A1B2C3D4E5F6", "11223344"])
        self.until(lambda: len(self.badges()) == 2)
        told = [(each.uid, each.method, each.direction) for each in self.badges()]
        self.assertEqual([each[0] for each in told], ["04A1B2C3D4E5F6", "11223344"])
        self.assertEqual({each[1:] for each in told}, {("rfid", 1)})
        boot = self.badges()[0].boot
        self.assertEqual(sorted(self.numbers(boot)), [*range(1, max(self.numbers(boot)) + 1)])
        self.assert_well()

    def test_nobody(self) -> None:
        """With nobody near an empty list is told once a minute, and no sooner."""
        board = self.gate(world={"near": []}, speed=40.0)
        self.until(lambda: len(self.seen()) >= 3)
        moments = [each.ts for each in self.seen() if each.ts is not None]
        self.assertEqual({each.seen for each in self.seen()}, {()})
        self.assertTrue(all(later - one >= 55 for one, later in zip(moments, moments[1:])),
                        moments)
        board.set(near=PHONES)
        self.until(lambda: self.seen()[-1].seen)
        self.assert_well()

    def test_will(self) -> None:
        """Power off without a word: the broker tells the last will, and keeps it."""
        board = self.gate()
        self.until(lambda: board.led == "green")
        self.listener.listen(0.1)
        board.stop()
        end = time.monotonic() + 20
        while self.listener.told("status") != [b"online", b"offline"]:
            self.assertLess(time.monotonic(), end)
            self.listener.listen(0.05)

    def test_late_clock(self) -> None:
        """Until the clock is set ts is null; what waited then is told with its own time."""
        board = self.gate(world={"ntp": None})
        self.until(self.seen)
        self.assertIsNone(self.seen()[0].ts)
        self.broker.kill()
        self.until(lambda: board.led == "red")
        count = len(self.seen())
        self.listener.listen(2)  # 20 s of the board's
        board.set(ntp=NOON)
        self.until(lambda: "clock: set by pool.ntp.org" in board.output, 60)
        self.broker.start()
        later = self.until(lambda: self.seen()[count + 3:])
        self.assertNotIn(None, [each.ts for each in later])
        moments = [each.ts for each in self.seen()[count + 1:]]
        self.assertEqual(moments, sorted(moments))
        self.assert_well()


class LossTests(GateTestCase):
    """What gets lost on the way."""

    def test_broker_killed(self) -> None:
        """What is seen while the broker is away comes in lists when it is back, nothing missing."""
        board = self.gate()
        self.until(lambda: len(self.seen()) >= 2)
        self.broker.kill()
        self.until(lambda: board.led == "red")
        for uid in ("04A1B2C3", "04A1B2C4"):
            board.set(badges=[uid])
            self.listener.listen(1)  # 10 s of the board's
        self.broker.start()
        self.until(lambda: len(self.badges()) == 2)
        boot = self.seen()[0].boot
        self.assertEqual(sorted(set(self.numbers(boot))), [*range(1, max(self.numbers(boot)) + 1)])
        self.assertTrue(any(payload.startswith(b"[") for payload in self.listener.told("seen")))
        self.assert_well()

    def test_replay(self) -> None:
        """What is asked for is told again, of memory and flash; rubbish on that topic is not."""
        self.gate()
        boot = self.until(self.seen)[0].boot
        self.until(lambda: len(self.seen()) >= 6)
        for rubbish in (b"", b"{", b"[]", b"{\"boot\":1,\"from\":1,\"to\":2}", b"\xff" * 600,
                        b"{\"boot\":\"%s\",\"from\":4,\"to\":2}" % boot.encode()):
            self.listener.ask(rubbish)
        before = len(self.seen())
        self.listener.ask(b"{\"boot\":\"%s\",\"from\":2,\"to\":5}" % boot.encode())
        self.until(lambda: [each.seq for each in self.seen()].count(5) == 2)
        again = [each for each in self.seen()[before:] if each.seq in (2, 3, 4, 5)]
        self.assertEqual([each.seq for each in again], [2, 3, 4, 5])
        self.assertEqual({each.seen for each in again}, {self.seen()[0].seen})
        self.assert_well()

    def test_reboot(self) -> None:
        """Power fails while nobody listens: after it all that was on flash is told, and again."""
        board = self.gate()
        boot = self.until(self.seen)[0].boot
        self.broker.kill()
        self.until(lambda: board.led == "red")
        size = self.written()
        self.until(lambda: self.written() > size + 200, 60)
        board.stop()
        self.broker.start()
        self.gate()
        self.until(lambda: any(each.boot != boot for each in self.seen()))
        told = self.numbers(boot)
        self.assertEqual(sorted(set(told)), [*range(1, max(told) + 1)])
        self.assertGreater(max(told), 3)
        self.listener.ask(b"{\"boot\":\"%s\",\"from\":1,\"to\":2}" % boot.encode())
        self.until(lambda: self.numbers(boot).count(1) >= 2)
        self.assert_well()
        for path in (self.folder / "flash").iterdir():
            self.assertNotIn(bytes.fromhex("020000000001"), path.read_bytes())

    def written(self) -> int:
        """What is on the gate's flash."""
        return sum(path.stat().st_size for path in (self.folder / "flash").iterdir())

    def test_no_wifi(self) -> None:
        """Without Wi-Fi it goes on looking, and tells it all when the Wi-Fi is back."""
        board = self.gate(world={"wifi": False}, speed=20.0)
        self.until(lambda: any("wifi: no" in line for line in board.output))
        self.listener.listen(2)
        board.set(wifi=True)
        self.until(lambda: len(self.seen()) >= 6)
        numbers = [each.seq for each in self.seen()]
        self.assertEqual(sorted(set(numbers)), [*range(1, max(numbers) + 1)])
        self.assert_well()

    def test_broken_reader(self) -> None:
        """A dead badge reader is said once; phones are told all the same, badges when it works."""
        board = self.gate(world={"broken": ["badge"]})
        self.until(lambda: len(self.seen()) >= 3)
        faults = [line for line in board.output if line.startswith("badge: no MFRC522")]
        self.assertEqual(len(faults), 1)
        board.set(broken=[], badges=["04A1B2C3"])
        self.until(self.badges)
        self.assert_well()

    def test_wrong_key(self) -> None:
        """A broker that refuses the key is told of in words, and asked seldom."""
        self.broker.kill()
        self.broker = Mosquitto(self.folder / "strict", allow=("allow_anonymous false",)).start()
        self.addCleanup(self.broker.kill)
        board = self.gate()
        refused = "link: the broker refuses our id or key"
        self.until(lambda: refused in board.output)
        self.assertEqual(board.led, "red")
        self.listener.listen(0.3)  # 3 s of the board's; it waits 5 to 10
        self.assertEqual(board.output.count(refused), 1)
