"""``iotd simulate``, up to the network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from twisted.internet.testing import MemoryReactorClock

from tests.cli.command import CommandCase, Said

HEX = "0f" * 32


class SimulateCase(CommandCase):
    """The command on a reactor without a network."""

    def setUp(self) -> None:
        super().setUp()
        self.surroundings.react = self.react

    def react(self, work: Any) -> None:
        """Run what starts the cameras, then what ends them."""
        self.reactor = MemoryReactorClock()
        work(self.reactor)
        stop = self.reactor.triggers["before"]["shutdown"][0]
        self.ended = stop[0]()
        raise SystemExit(0)

    def connected(self, *args: str) -> list[tuple[str, int, str]]:
        """Where each camera connects: host, port and its own address."""
        ended = self.assertRaises(SystemExit, self.iotd, "simulate", *args)
        self.assertEqual(ended.code, 0)
        self.successResultOf(self.ended)
        return [(c[0], c[1], c[4][0] if c[4] else "") for c in self.reactor.tcpClients]

    def refused(self, *args: str) -> str:
        """What bad use says."""
        said: Said = self.iotd("simulate", *args)
        self.assertEqual((said.code, said.out), (2, ""))
        return said.err


class Simulate(SimulateCase):
    """Which cameras connect where."""

    def test_one_camera_by_default(self) -> None:
        """Without options one field camera connects to this machine's camera port."""
        self.assertEqual(self.connected(), [("127.0.0.1", 9001, "127.0.0.1")])

    def test_many_cameras(self) -> None:
        """Each has an address of its own."""
        places = self.connected("--cameras", "3")
        self.assertEqual([place[2] for place in places], ["127.0.0.1", "127.0.0.2", "127.0.0.3"])

    def test_the_port_is_the_configured_one(self) -> None:
        """The port comes from cameras.listen, and ``--port`` beats it."""
        self.surroundings.environ = {"IOTD_CAMERAS__LISTEN": "unix:/run/x,tcp:9100"}
        self.assertEqual(self.connected()[0][1], 9100)
        self.assertEqual(self.connected("--port", "9200")[0][1], 9200)
        self.surroundings.environ = {"IOTD_CAMERAS__LISTEN": "unix:/run/x"}
        self.assertIn("cameras.listen names no TCP port", self.refused())

    def test_keys(self) -> None:
        """Keys alone make keyed cameras alone; with ``--cameras`` they come besides."""
        keys = Path(self.mktemp())
        keys.write_text(f"# two\nhall={HEX}\nyard={HEX}\n")
        self.assertEqual(len(self.connected("--keys", str(keys))), 2)
        both = self.connected("--keys", str(keys), "--key", f"roof={HEX}", "--cameras", "1")
        self.assertEqual([place[2] for place in both], ["127.0.0.1", "", "", ""])

    def test_gates(self) -> None:
        """Gates go to the broker: the embedded one's port, the one of mqtt.broker, or as asked."""
        places = self.connected("--gates", "2", "--students", "5")
        self.assertEqual(places, [("127.0.0.1", 1883, "127.0.0.1"),
                                  ("127.0.0.1", 1883, "127.0.0.2")])
        self.surroundings.environ = {"IOTD_MQTT__BROKER": "mqtt://me:secret@broker:1884"}
        self.assertEqual(self.connected("--gates", "1")[0][1], 1884)
        self.assertEqual(self.connected("--gates", "1", "--mqtt-port", "9")[0][1], 9)
        self.assertEqual(len(self.connected("--field-gates", "--key", f"gate:north-in={HEX}")), 3)

    def test_register(self) -> None:
        """The students as a file for ``iotd students import``; alone it is all that is done."""
        path = Path(self.mktemp())
        said = self.iotd("simulate", "--students", "30", "--register", str(path))
        self.assertEqual((said.code, said.out), (0, ""))
        lines = path.read_text().splitlines()
        self.assertEqual(lines[0], "rollno,year,branch,stream,hostel,gender,mac")
        self.assertEqual(len(lines), 31)
        self.assertEqual(len(self.connected("--gates", "1", "--register", str(path))), 1)
        self.assertIn("--register", self.refused("--register", "/nowhere/at/all.csv"))

    def test_watches_and_cabinets(self) -> None:
        """Asked for alone they come without cameras, to the port of devices.listen."""
        places = self.connected("--watches", "2", "--cabinets", "1")
        self.assertEqual([place[1:] for place in places], [
            (5001, "127.0.0.1"), (5001, "127.0.0.2"), (5001, "127.0.0.1"), (5001, "127.0.0.1")])
        self.assertEqual(self.connected("--watches", "1", "--device-port", "7")[0][1], 7)
        self.assertEqual(len(self.connected("--key", f"watch:wrist={HEX}")), 1)

    def test_bad_use(self) -> None:
        """Values that can't be are refused with what is allowed, keys are not quoted."""
        self.assertIn("nothing to simulate", self.refused("--cameras", "0"))
        self.assertIn("is no size such as 320x240", self.refused("--size", "9x9"))
        self.assertIn("is no size such as 320x240", self.refused("--size", "large"))
        self.assertIn("64 hex digits", self.refused("--key", "hall=0badc0de"))
        self.assertNotIn("0badc0de", self.refused("--key", "hall=0badc0de"))
        keys = Path(self.mktemp())
        keys.write_text("Hall x\n")
        self.assertIn("is no device id", self.refused("--keys", str(keys)))


class Words(SimulateCase):
    """What it says about its cameras."""

    def said(self, *args: str) -> str:
        """The lines when the daemon accepts and then goes."""
        def react(work: Any) -> None:
            self.reactor = MemoryReactorClock()
            work(self.reactor)
            self.reactor.tcpClients[0][2].clientConnectionFailed(None, OSError("nobody"))
            self.reactor.triggers["before"]["shutdown"][0][0]()

        self.surroundings.react = react
        return self.iotd("simulate", *args).out

    def test_a_line_for_each_change(self) -> None:
        """Each change of state is one line with its time."""
        self.assertRegex(self.said(), r"^\d\d:\d\d:\d\d 127\.0\.0\.1 unreachable: .*\n$")

    def test_json_lines(self) -> None:
        """Under ``--json`` each line is an object."""
        line = json.loads(self.said("--json"))
        self.assertEqual((line["device"], line["state"]), ("127.0.0.1", "unreachable"))
        self.assertRegex(line["at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
