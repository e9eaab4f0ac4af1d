"""Home Assistant beside the real daemon: at Mosquitto as we ship it, and at our own broker."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

from iotd.mqtt.mosquitto import PasswordFile, password_line
from tests.brokers import Mosquitto
from tests.field_camera import FieldCamera
from tests.field_devices import FieldCabinet, FieldWatch
from tests.mqtt.test_mosquitto import OWN, shipped
from tests.running_daemon import until
from tests.system.home import Home
from tests.system.house import FRAMES, SystemTest

PASSWORD = "a password of people"
CAMERA = "cam-127-0-41-1"
WATCH, CABINET, BOARD = "127.0.41.2", "127.0.41.3", "127.0.41.1"


class MosquittoTests(SystemTest):
    """With accounts and access list of deploy/."""

    def setUp(self) -> None:
        folder = Path(self.mktemp())
        passwords = PasswordFile(folder, OWN)
        passwords.path.parent.mkdir(parents=True)
        passwords.others.write_text(password_line("homeassistant", PASSWORD) + "\n")
        passwords.write({})
        mosquitto = Mosquitto(folder / "broker", *shipped(passwords.path), allow=(), sizes=())
        self.addCleanup(mosquitto.kill)
        self.port = mosquitto.start().port
        self.broker = f"mqtt://{OWN[0]}:{OWN[1]}@127.0.0.1:{self.port}"
        self.settings = {
            "mqtt": {"broker": self.broker, "discovery": "homeassistant"},
            "devices": {"enrolment": "open", "poll_seconds": 1},
        }
        super().setUp()
        self.home = Home(self.port, "homeassistant", PASSWORD)
        self.addCleanup(self.home.close)

    def board(self, board: Any) -> Any:
        """A board that is switched on until the end."""
        self.addCleanup(board.power_off)
        board.power_on()
        return board

    def test_a_life(self) -> None:
        """Things appear, live, are taken back when they are a patient's or gone, and of health
        there is never a word, whatever happens there."""
        self.appear()
        self.be_a_patients()
        self.go()

    def appear(self) -> None:
        ports = self.daemon.ports
        self.board(FieldCamera("127.0.0.1", ports["cameras"], source=BOARD, frames=FRAMES))
        self.cabinet = self.board(
            FieldCabinet("127.0.0.1", ports["devices"], source=CABINET, pace=50.0))
        self.board(FieldWatch("127.0.0.1", ports["devices"], lambda: ("171.25", "39.75"),
                              source=WATCH, pace=60.0))
        until(lambda: self.state(CAMERA), "the camera is known")
        self.daemon.call("POST", f"/api/v1/cameras/{CAMERA}/start")
        until(lambda: self.home.shows(f"iotd-{CAMERA}_streaming"), "it streams")
        until(lambda: self.home.shows("iotd-cab_connected"), "the cabinet is there")
        self.cabinet.open("812.5")
        until(lambda: self.home.shows("iotd-cab_weight") == 812.5, "it was weighed")
        self.assertTrue(self.home.shows("iotd-cab_door"))
        self.assertEqual(self.home.shows("iotd_campus_inside"), 0)
        self.daemon.call("PATCH", f"/api/v1/devices/{CAMERA}", {"name": "At the door"})
        until(lambda: self.home.ask(lambda home: home.devices[f"iotd-{CAMERA}"]["device"]["name"]
                                    == "At the door"), "its new name")

    def be_a_patients(self) -> None:
        made = {"name": "Zerlina Quux", "sex": "female", "birth_date": "1950-02-03"}
        patient = self.daemon.call("POST", "/api/v1/patients", made, role="admin")["id"]
        for device in ("wch", "cab"):
            self.daemon.call("PATCH", f"/api/v1/devices/{device}", {"patient": patient},
                             role="admin")
        until(lambda: not self.home.ask(lambda home: "iotd-cab" in home.devices), "it is gone")
        self.write_a_record(f"/api/v1/patients/{patient}")
        self.cabinet.close("777.25")
        cabinet = "/api/v1/cabinets/cab"
        until(lambda: self.daemon.call("GET", cabinet, role="admin")["weight_g"] == 777.25,
              "the patient's cabinet was weighed")
        readings = f"/api/v1/patients/{patient}/readings?kind=heart_rate"
        until(lambda: any(each["value"] == 171.25 for each in
                          self.daemon.call("GET", readings, role="admin")["items"]), "a reading")
        until(lambda: self.daemon.call("GET", "/api/v1/alerts", role="admin")["items"], "an alert")
        self.home.birth()
        before = len(self.home.heard)
        until(lambda: len(self.home.heard) > before + 3, "all is said once more")
        self.nothing_of_health(patient)

    def write_a_record(self, path: str) -> None:
        def call(method: str, what: str, body: Any) -> None:
            self.daemon.call(method, f"{path}/{what}", body, role="admin")

        call("POST", "readings", {"kind": "spo2", "value": 81.5})
        call("PUT", "labs", {"date": "2026-01-05", "values": {
            "glucose": {"value": 271.5, "unit": "mg/dL"}}})
        call("PUT", "advice", {"diet": "Beetroot every evening"})
        call("POST", "notes", {"text": "Complains of Wanderlust"})

    def nothing_of_health(self, patient: str) -> None:
        secrets = (
            "zerlina", "quux", patient, "patient", "wch", "watch", "171.25", "39.75", "81.5",
            "777.25", "271.5", "beetroot", "wanderlust", "bpm", "heart", "temp", "spo2", "alert",
            "glucose", "reading", "advice",
        )
        for topic, payload in self.home.heard:
            said = f"{topic} {payload.decode()}".replace("value_template", "").lower()
            for secret in secrets:
                self.assertNotIn(secret.lower(), said)
        self.home.ask(lambda home: home.values())
        self.assertEqual(self.home.ask(lambda home: home.faults), [])

    def go(self) -> None:
        self.daemon.call("DELETE", f"/api/v1/devices/{CAMERA}")
        until(lambda: self.home.ask(lambda home: list(home.devices) == ["iotd_campus"]), "gone")
        self.daemon.stop(signal.SIGKILL)
        until(lambda: self.home.shows("iotd_campus_inside") == "unavailable", "the last will")
        self.daemon.settings = {"mqtt": {"broker": self.broker}}
        self.daemon.start()
        until(lambda: self.home.ask(lambda home: not home.topics), "all is taken back")
        until(lambda: not (self.daemon.data / "discovery.json").exists(), "and not remembered")


class EmbeddedTests(SystemTest):
    """At our own broker."""

    settings = {"mqtt": {"discovery": "homeassistant"}}

    def test_a_token(self) -> None:
        """Home Assistant signs in with an operator's token and sees the campus; it is sent away
        when the token is taken away, and a doctor's lets nobody in."""
        port = self.daemon.ports["mqtt"]
        home = Home(port, "homeassistant", self.daemon.token("operator"))
        self.addCleanup(home.close)
        until(lambda: home.shows("iotd_campus_inside") == 0, "it sees the campus")
        doctor = Home(port, "homeassistant", self.daemon.token("doctor"))
        self.addCleanup(doctor.close)
        tokens = self.daemon.call("GET", "/api/v1/tokens", role="admin")["items"]
        id = next(each["id"] for each in tokens if each["role"] == "operator")
        self.daemon.call("DELETE", f"/api/v1/tokens/{id}", role="admin")
        until(lambda: not home.connected, "it was sent away")
        self.assertEqual((doctor.heard, doctor.connected), ([], False))
