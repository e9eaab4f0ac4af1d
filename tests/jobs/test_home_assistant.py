"""When things are shown to Home Assistant, and when they are hidden again; on real devices."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable

from twisted.internet.defer import Deferred

from iotd.config import load
from iotd.devices.model import Approval, Device
from iotd.errors import NotFound
from iotd.jobs.home_assistant import GATES_EVERY, HomeAssistant
from tests.mqtt.test_discovery import Broker
from tests.parts import PartsTest


class Line(Broker):
    """The broker's line, as far as it is for Home Assistant."""

    def __init__(self) -> None:
        super().__init__()
        self.on_birth: Callable[[bytes], None] = lambda payload: None
        self.on_discovery: Callable[[bool], None] = lambda connected: None

    def let_read(self, session_of: Callable[[str], str | None]) -> None:
        """Nobody signs in here."""


class HomeTests(PartsTest):
    """With a registry and cameras; rooms for gates and cabinets say what they are told to."""

    def setUp(self) -> None:
        super().setUp()
        self.line = Line()
        self.gates: dict[str, dict[str, Any]] = {}
        self.home = self.make("homeassistant")
        self.addCleanup(lambda: Deferred.fromCoroutine(self.home.stop_service()))

    def make(self, prefix: str) -> HomeAssistant:
        """The job of a start."""
        config = load(None, {"IOTD_MQTT__DISCOVERY": prefix}, self.folder)
        config = config.model_copy(update={"data_dir": self.folder})
        accounts: Any = None
        return HomeAssistant(
            config=config, registry=self.registry, bus=self.bus, broker=self.line,  # type: ignore
            rooms={"camera": self.cameras.get, "gate": self.gate, "cabinet": self.cabinet},
            headcount=lambda: {"inside": 1, "outside": 2}, clock=self.clock, accounts=accounts,
            in_thread=self.in_thread, metrics=type(self.metrics)(), now=self.now,
        )

    def gate(self, id: str) -> dict[str, Any]:
        """What the room of gates says."""
        if id not in self.gates:
            raise NotFound("not heard yet")
        return self.gates[id]

    def cabinet(self, id: str) -> dict[str, Any]:
        """And that of cabinets."""
        return {"door": "closed", "weight_g": 1.0, "lights": "off", "items": {}}

    def device(self, id: str, kind: str, **more: Any) -> None:
        """One that is approved, and changes."""
        known = self.registry._roster.devices.get(id) or Device(
            id, id, kind, Approval.APPROVED, "dev", self.now())
        self.registry._roster.devices[id] = replace(known, **more)
        self.registry._roster.publish(id)

    def start(self) -> None:
        """From the first look on, at a broker that is there."""
        self.line.on_discovery(True)
        self.home.start_service()
        self.pass_by(4)

    def pass_by(self, seconds: int) -> None:
        """So many ticks."""
        self.clock.pump([1.0] * seconds)

    def shown(self) -> set[str]:
        """What Home Assistant knows."""
        return set(self.line.home.devices)

    def test_what_there_is_at_the_start(self) -> None:
        """More devices than one look takes are all shown, and none is taken back before it was
        looked at."""
        for number in range(250):
            self.device(f"gate-{number:03}", "gate")
        self.start()
        self.pass_by(20)
        self.assertEqual(len(self.shown()), 251)
        self.assertEqual([topic for topic, payload in self.line.said if not payload], [])

    def test_a_cabinet_and_its_camera(self) -> None:
        """Given to a patient the cabinet goes, and the camera that looks into it; taken from
        the patient both are back."""
        self.device("cab", "cabinet", camera="img")
        self.device("img", "cabinet_camera")
        self.device("img-2", "cabinet_camera")
        self.device("wch", "watch")
        self.start()
        self.assertEqual(self.shown(), {"iotd-cab", "iotd-img", "iotd-img-2", "iotd_campus"})
        self.device("cab", "cabinet", patient="p1")
        self.pass_by(3)
        self.assertEqual(self.shown(), {"iotd-img-2", "iotd_campus"})
        self.device("cab", "cabinet", camera=None)
        self.pass_by(3)
        self.assertEqual(self.shown(), {"iotd_campus"})
        self.device("cab", "cabinet", patient=None)
        self.pass_by(3)
        self.assertEqual(self.shown(), {"iotd-cab", "iotd-img", "iotd-img-2", "iotd_campus"})

    def test_revoked_and_removed(self) -> None:
        """Who is revoked is taken back, and who is removed."""
        self.device("cab", "cabinet")
        self.device("gate-a", "gate")
        self.start()
        self.device("cab", "cabinet", approval=Approval.REVOKED)
        self.registry._roster.forget("gate-a")
        self.pass_by(3)
        self.assertEqual(self.shown(), {"iotd_campus"})

    def test_gates_are_asked(self) -> None:
        """What a gate says changes without an event: it is looked at now and then."""
        self.device("gate-a", "gate")
        self.gates["gate-a"] = {"messages_per_minute": 5, "direction": None, "last_seen": None}
        self.start()
        self.registry._roster.devices["gate-a"] = replace(
            self.registry.device("gate-a"), name="At the gate")
        self.gates["gate-a"] = {"messages_per_minute": 9, "direction": "exit", "last_seen": None}
        self.pass_by(GATES_EVERY + 2)
        entity = self.line.home.entities()["iotd-gate-a_messages_per_minute"]
        self.assertIn(b'"messages_per_minute":9', self.line.home.topics[entity["state_topic"]])

    def test_off(self) -> None:
        """Without a prefix nothing is said, written or looked at."""
        self.home = self.make("")
        self.device("cab", "cabinet")
        self.start()
        self.assertEqual(self.line.said, [])
        self.assertFalse((self.folder / "discovery.json").exists())
        self.assertEqual(self.home._dirty, {})
