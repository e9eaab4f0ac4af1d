"""What of a thing Home Assistant is told: which devices, entities and values, and in what words."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.mqtt.discovery_messages import Thing, config_of, config_topic, state_topic, thing_of
from iotd.mqtt.discovery_things import KINDS, may_tell, object_id, values
from tests.mqtt.home_assistant import TOPIC, HomeAssistant, device_faults, expanded

AT = "2026-11-21T08:30:41.250Z"


def device(kind: str, **more: Any) -> dict[str, Any]:
    """As the registry shows one that is connected."""
    return {"id": kind, "name": f"The {kind}", "kind": kind, "state": "online", "patient": None,
            "camera": None, "rssi": None, "firmware": None, "place": None, **more}


BOARD = {"version": "1.1.0", "build": 8, "rssi": -61, "booted_at": AT, "restarts": 3,
         "reset": "watchdog", "free_memory": 81920, "place": "Hall"}
ROOMS: dict[str, dict[str, Any]] = {
    "camera": {"state": "streaming", "fps": 4.13, "viewers": 2, "last_frame_at": AT},
    "cabinet": {"door": "open", "weight_g": 812.5, "lights": "unknown",
                "items": {"Nutella": 1, "Müsli \"bio\"": None}},
    "cabinet_camera": {},
    "gate": {"direction": "entry", "messages_per_minute": 17, "last_seen": AT},
}


def facts(kind: str, **more: Any) -> dict[str, Any]:
    """All that is known of a board of this kind."""
    found = {"device": device(kind, **more), "board": BOARD}
    return {**found, kind: ROOMS[kind]} if ROOMS[kind] else found


CAMPUS = {"campus": {"name": "iotd campus", "inside": 412, "outside": 88, "registered": 500}}
ALL = [facts(kind) for kind in KINDS] + [CAMPUS]


def heard(thing: Thing, before: dict[str, str] | None = None) -> HomeAssistant:
    """A Home Assistant that was told of it."""
    home = HomeAssistant()
    home.hear("iotd/ha/status", b"online")
    home.hear(config_topic("homeassistant", thing.object_id), config_of(thing, before or {}, ""))
    home.hear(f"iotd/ha/{thing.object_id}/availability", b"online" if thing.online else b"offline")
    home.hear(state_topic(thing.object_id), thing.state)
    return home


class ConfigTests(SynchronousTestCase):
    """What is announced."""

    def test_all_of_it_is_documented(self) -> None:
        """Every key, class, unit and value of every kind of thing is one that Home Assistant
        takes, and no two entities have one id."""
        ids: list[str] = []
        for each in ALL:
            home = heard(thing_of("iotd-x" if "device" in each else "iotd_campus", each))
            home.values()
            self.assertEqual(home.faults, [])
            ids += home.entities()
        self.assertEqual(len(ids), 42)

    def test_the_check_checks(self) -> None:
        """A config with a fault of each kind is found out."""
        config = expanded(json.loads(config_of(thing_of("x", facts("camera")), {}, "")))
        entity = config["components"]["signal"]
        faults = {
            "device_class": "pulse", "unit_of_measurement": "bpm", "state_class": "total",
            "icn": "mdi:x", "entity_category": "config", "options": ["a"], "platform": "camera",
        }
        for key, wrong in faults.items():
            changed = {**config, "components": {"signal": {**entity, key: wrong}}}
            self.assertEqual(len(list(device_faults(changed))), 1, key)

    def test_a_device(self) -> None:
        """It goes by its name, kind and place, and leads to the page where it is looked after."""
        config = json.loads(config_of(thing_of("iotd-cam", facts("camera")), {}, "https://x/d"))
        self.assertEqual(config["device"], {
            "identifiers": ["iotd-cam"], "name": "The camera", "manufacturer": "iotd",
            "model": "Camera", "suggested_area": "Hall", "configuration_url": "https://x/d",
        })
        self.assertEqual(config["origin"]["name"], "iotd")

    def test_what_it_has_no_more(self) -> None:
        """An item that is gone is taken away by naming its platform alone."""
        thing = thing_of("iotd-cab", facts("cabinet"))
        home = heard(thing, {"item_old": "sensor", "door": "binary_sensor"})
        self.assertEqual(home.faults, [])
        self.assertEqual(home.devices["iotd-cab"]["components"]["item_old"], {"platform": "sensor"})
        self.assertNotIn("iotd-cab_item_old", home.entities())

    def test_items_keep_their_ids(self) -> None:
        """Another item beside it does not change an item's entity."""
        one, two = facts("cabinet"), facts("cabinet")
        two["cabinet"] = {**two["cabinet"], "items": {"A": 1, **two["cabinet"]["items"]}}
        one_has, two_have = (thing_of("x", each).components for each in (one, two))
        self.assertLess(one_has.items(), two_have.items())

    @given(st.from_regex(r"(?!\.+\Z)[A-Za-z0-9._-]{1,32}", fullmatch=True))
    def test_topics(self, id: str) -> None:
        """Any id of a device or gate makes a topic that Home Assistant reads."""
        topic = config_topic("homeassistant", object_id(id)).removeprefix("homeassistant/")
        self.assertIsNotNone(TOPIC.fullmatch(topic))

    def test_ids_stay_apart(self) -> None:
        """Gates whose ids differ by a dot alone are two devices."""
        self.assertEqual(len({object_id(each) for each in ("a.b", "a-b", "a_b", "a..b")}), 4)


class ValueTests(SynchronousTestCase):
    """What it shows."""

    def test_values(self) -> None:
        """Each value is what the rooms said, coarse where it would change every second."""
        home = heard(thing_of("x", facts("camera")))
        self.assertEqual(home.values(), {
            "x_connected": True, "x_streaming": True, "x_fps": 4.0, "x_viewers": 2,
            "x_last_frame": "2026-11-21T08:30:00Z", "x_last_start": AT, "x_restarts": 3,
            "x_start_reason": "watchdog", "x_free_memory": 81920, "x_signal": -61,
            "x_firmware": "1.1.0+8",
        })
        cabinet = values(facts("cabinet"))
        self.assertEqual((cabinet["door"], cabinet["weight"], cabinet["lights"]),
                         ("ON", 812.5, None))
        self.assertEqual(values(CAMPUS), {"inside": 412, "outside": 88})

    def test_offline(self) -> None:
        """Of what is away only that is known."""
        home = heard(thing_of("x", facts("gate", state="offline")))
        shown = {key: value for key, value in home.values().items() if value != "unavailable"}
        self.assertEqual(shown, {"x_connected": False, "x_last_heard": "2026-11-21T08:30:00Z"})

    def test_field_boards(self) -> None:
        """What a board of the field never tells is no entity that stays unknown."""
        found = heard(thing_of("x", {"device": device("gate")})).entities()
        self.assertEqual(set(found), {"x_connected", "x_direction", "x_messages_per_minute",
                                      "x_last_heard"})


class RuleTests(SynchronousTestCase):
    """Who is told of."""

    def test_kinds(self) -> None:
        """Watches and what may measure people are not, nor what waits or was revoked."""
        for kind in ("camera", "cabinet", "cabinet_camera", "gate"):
            self.assertTrue(may_tell(device(kind), []))
            for state in ("pending", "revoked", "deleted"):
                self.assertFalse(may_tell(device(kind, state=state), []))
        for kind in ("watch", "other", "new"):
            self.assertFalse(may_tell(device(kind), []))

    def test_patients(self) -> None:
        """Nothing that is assigned to a patient is told of, whatever it is."""
        for kind in KINDS:
            self.assertFalse(may_tell(device(kind, patient="p1"), []))

    def test_cameras_of_cabinets(self) -> None:
        """A camera that looks, or may look, into a patient's cabinet is not told of."""
        camera = device("cabinet_camera", id="img-2")
        cases: tuple[tuple[list[dict[str, Any]], bool], ...] = (
            ([{"patient": None, "camera": "img-2"}], True),
            ([{"patient": "p1", "camera": "img-2"}], False),
            ([{"patient": "p1", "camera": None}], False),
            ([{"patient": "p1", "camera": "img-3"}, {"patient": None, "camera": None}], True),
        )
        for cabinets, told in cases:
            self.assertEqual(may_tell(camera, cabinets), told, cabinets)
