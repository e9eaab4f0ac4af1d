"""Gates as a broker passes them on: who counts, who waits, who is refused, who is there."""

from __future__ import annotations

from iotd.devices.model import MAX_OPEN_GATES, MAX_PENDING_GATES
from iotd.errors import Conflict, Invalid, NotFound
from iotd.campus.notes import Notes
from tests.campus.gate_room import GatesTest, Passed, said, seen, status

ENTRY, EXIT = b"0 WiFi: BSSID: aa:bb:cc:dd:ee:ff", b"1 WiFi: "


class PendingTests(GatesTest):
    """Gates that nobody approved, under "approve"."""

    def test_new_gate_waits(self) -> None:
        """What an unknown gate says is dropped, and it waits for approval, connected."""
        self.assertEqual(self.hear(seen("north"), seen("north")), [])
        self.assertEqual(self.states(), {"north": "pending"})
        shown = self.desk.get("north")
        self.assertEqual((shown["connected"], shown["dropped"]), (True, 2))
        self.assertIn("dropped until", shown["waits_because"])

    async def test_approved(self) -> None:
        """Once approved its messages count, from the next one on."""
        await self.approved("north")
        (found,) = self.hear(seen("north", b"x"))
        self.assertEqual((found[0].gate, found[0].what, found[0].approved), ("north", "seen", True))
        self.assertEqual(found[1], b"x")
        self.assertEqual(self.states(), {"north": "online"})

    async def test_pending_again_after_removal(self) -> None:
        """A gate that was removed is a new one when it speaks again."""
        await self.approved("north")
        await self.registry.remove("north")
        self.assertEqual(self.hear(seen("north")), [])
        self.assertEqual(self.states(), {"north": "pending"})

    async def test_revoked(self) -> None:
        """A revoked gate is refused, offline, and shown with the next step."""
        await self.approved("north")
        await self.registry.revoke("north")
        self.assertEqual(self.hear(seen("north")), [])
        self.assertEqual(self.states(), {"north": "revoked"})
        self.assertFalse(self.desk.get("north")["connected"])
        ((id, step),) = self.refusals()
        self.assertEqual(id, "north")
        self.assertIn("Approve it again", step)

    def test_refusals_are_told_once_a_minute(self) -> None:
        """A refused gate that goes on talking fills neither page nor log."""
        for _ in range(100):
            self.hear(Passed("iotd/gate/sample-entry/seen"))
        (one,) = self.registry.admissions.refusals.items()
        self.assertEqual(one["count"], 1)
        self.advance(61)
        self.hear(Passed("iotd/gate/sample-entry/seen"))
        (one,) = self.registry.admissions.refusals.items()
        self.assertEqual(one["count"], 2)

    def test_ten_thousand_unknown_ids(self) -> None:
        """Ids that a stranger makes up fill neither memory nor store."""
        for number in range(10_000):
            self.assertEqual(self.hear(seen(f"made-up-{number}")), [])
        self.assertEqual(len(self.registry.list()), MAX_PENDING_GATES)
        self.assertLessEqual(len(self.gates._gates), MAX_PENDING_GATES)
        self.assertLessEqual(len(self.gates._routes._refused), 4096)
        ((id, step),) = self.refusals()
        self.assertIsNone(id)
        self.assertIn("Approve or remove waiting gates", step)

    def test_room_after_a_flood(self) -> None:
        """When the made-up gates fell silent, a real one gets the place of the oldest."""
        for number in range(100):
            self.hear(seen(f"made-up-{number}"))
        self.hear(seen("north"))
        self.assertNotIn("north", self.states())
        self.advance(301)
        self.hear(seen("north"))
        self.assertEqual(self.states()["north"], "pending")
        self.assertEqual(len(self.registry.list()), MAX_PENDING_GATES)

    async def test_same_as(self) -> None:
        """A gate is its topic: it can't be approved as another one."""
        await self.approved("north")
        self.hear(seen("north-2"))
        with self.assertRaises(Conflict):
            await self.registry.approve("north-2", same_as="north")

    async def test_kind(self) -> None:
        """What speaks over MQTT is a gate and nothing else."""
        self.hear(seen("north"))
        with self.assertRaises(Invalid):
            await self.registry.approve("north", kind="watch")

    async def test_commands(self) -> None:
        """A gate takes no commands, and says so."""
        await self.approved("north")
        with self.assertRaises(Invalid):
            await self.registry.command("north", "START")


class TopicTests(GatesTest):
    """Which topics are whose."""

    enrolment = "open"

    def test_whats(self) -> None:
        """Sightings and badges count, a status says only who is there."""
        topics = [f"iotd/gate/north/{what}" for what in ("seen", "badge", "status")]
        found = self.hear(*[Passed(topic, b"online") for topic in topics])
        self.assertEqual([route.what for route, _ in found], ["seen", "badge"])

    def test_wrong_topics(self) -> None:
        """Topics of nobody are dropped and counted, and make no gate."""
        wrong = ("iotd/gate/north", "iotd/gate/north/replay", "iotd/gate//seen",
                 "iotd/gate/../seen", "iotd/gate/No rth/seen",
                 "iotd/gate/north/seen/x", "iotd/probe/1", "other", "",
                 "iotd/gate/" + "a" * 33 + "/seen", "iotd/gate/wall/seen", "xiotd/gate/north/seen")
        self.assertEqual(self.hear(*map(Passed, wrong)), [])
        self.assertEqual(self.states(), {})
        self.assertEqual(self.metrics.get_sample_value(
            "iotd_gate_dropped_total", {"why": "topic"}), len(wrong))

    def test_field_topic(self) -> None:
        """The first digit of a field message says which of the two gates it is of."""
        found = self.hear(Passed("sample", ENTRY), Passed("sample", EXIT), Passed("sample", b"2"))
        self.assertEqual([(route.gate, route.what) for route, _ in found],
                         [("sample-entry", "text"), ("sample-exit", "text")])

    def test_field_gates_have_no_topic_of_their_own(self) -> None:
        """Nobody speaks for the field topic on a topic with an id."""
        self.assertEqual(self.hear(seen("sample-entry")), [])
        ((id, step),) = self.refusals()
        self.assertEqual(id, "sample-entry")

    async def test_key_for_a_field_name(self) -> None:
        """A name of the field topic that got a key is never the field topic's again."""
        await self.registry.make_key("sample-entry", "gate")
        self.assertEqual(self.hear(Passed("sample", ENTRY)), [])
        self.assertEqual(len(self.hear(seen("sample-entry"))), 1)

    def test_kept_field_messages(self) -> None:
        """A field message that the broker kept is not heard again at each connection."""
        self.assertEqual(self.hear(Passed("sample", ENTRY, retained=True)), [])

    def test_kept_numbered_messages(self) -> None:
        """A numbered one may come again: it counts once anyway. It does not say who is there."""
        self.hear(status("north", b"online"), status("north", b"offline"))
        self.assertEqual(len(self.hear(Passed("iotd/gate/north/seen", b"{}", True))), 1)
        self.assertFalse(self.desk.get("north")["connected"])

    async def test_kept_ones_make_no_gate(self) -> None:
        """What the broker keeps of a gate that was removed does not bring it back."""
        self.hear(status("north", b"online"))
        await self.registry.remove("north")
        self.hear(status("north", b"online", True), Passed("iotd/gate/north/seen", b"{}", True))
        self.assertEqual(self.states(), {})


class NoFieldTests(GatesTest):
    """``legacy_topic = ""``."""

    enrolment, legacy_topic = "open", ""

    def test_not_heard(self) -> None:
        """Without a field topic nothing is one, not even an empty one."""
        self.assertEqual(self.hear(Passed("sample", ENTRY), Passed("", ENTRY)), [])
        self.assertEqual(self.states(), {})


class OpenTests(GatesTest):
    """Under "open"."""

    enrolment = "open"

    def test_at_once(self) -> None:
        """All gates are approved at once, and their first message counts."""
        self.assertEqual(len(self.hear(seen("north"), seen("south"), Passed("sample", EXIT))), 3)
        self.assertEqual(self.states(), {name: "online" for name in (
            "north", "south", "sample-exit")})

    def test_bounded(self) -> None:
        """Beyond a thousand gates without a key new ones wait, so the store does not fill."""
        for number in range(MAX_OPEN_GATES + 500):
            self.hear(seen(f"gate-{number}"))
        states = [*self.states().values()]
        self.assertEqual((states.count("online"), states.count("pending")),
                         (MAX_OPEN_GATES, MAX_PENDING_GATES))

    async def test_other_kinds(self) -> None:
        """A device of another kind is not spoken for over MQTT, with a key or without."""
        await self.registry.make_key("hall-camera", "camera")
        self.connect()
        self.advance(2)
        for id in ("hall-camera", "cam-10-0-0-7"):
            self.assertEqual(self.hear(seen(id)), [], id)
        self.assertEqual([id for id, _ in self.refusals()], ["cam-10-0-0-7", "hall-camera"])
        self.assertEqual(self.registry.get("hall-camera")["kind"], "camera")

    async def test_key_without_a_kind(self) -> None:
        """A key that was made without saying for what is a gate's once that speaks."""
        await self.registry.make_key("north")
        self.assertEqual(len(self.hear(seen("north"))), 1)
        self.assertEqual(self.registry.get("north")["kind"], "gate")


class KeyedTests(GatesTest):
    """Under "keyed"."""

    enrolment = "keyed"

    async def test_keys_only(self) -> None:
        """Gates without a key and the field topic are refused, each with its next step."""
        await self.registry.make_key("north", "gate")
        found = self.hear(seen("south"), Passed("sample", ENTRY), seen("north"))
        self.assertEqual([route.gate for route, _ in found], ["north"])
        refused = dict(self.refusals())
        self.assertIn("Only boards with a key", refused["south"])
        self.assertIn("field topic can have none", refused["sample-entry"])
        self.assertEqual(self.states(), {"north": "online"})


class FigureTests(GatesTest):
    """What is shown of a gate."""

    enrolment = "open"

    async def test_counts(self) -> None:
        """Counts of the notes add up, the last faults are shown, the newest first."""
        self.hear(seen("north"))
        for number in range(30):
            batch, notes = said("north", "b", number + 1)
            notes.fault("north", f"fault {number}", "aa:…")
            notes.of("north").below_floor = 2
            notes.of("north").skewed = notes.of("north").no_clock = 1
            self.gates.heard(batch, notes)
        shown = self.desk.get("north")
        self.assertEqual([shown[key] for key in (
            "messages", "faults", "below_floor", "skewed", "no_clock", "duplicates", "direction",
        )], [30, 30, 60, 30, 30, 0, "entry"])
        self.assertEqual(len(shown["recent_faults"]), 20)
        self.assertEqual(shown["recent_faults"][0]["reason"], "fault 29")
        self.assertEqual(shown["boots"], [{"boot": "b", "first": 1, "last": 30}])

    def test_faults_of_nobody(self) -> None:
        """Notes of a gate that was removed meanwhile are passed over."""
        notes = Notes()
        notes.fault("gone", "x", "y")
        self.gates.heard(said("gone", "b", 1)[0], notes)

    def test_per_minute(self) -> None:
        """The rate is that of the last minute."""
        self.hear(seen("north"))
        for _ in range(24):
            self.gates.heard(*said("north", "b", None))
            self.clock.advance(5)
        self.assertEqual(self.desk.get("north")["messages_per_minute"], 12)

    def test_duplicates(self) -> None:
        """What comes twice is counted as that."""
        self.numbered("north", "b", 1, 2, 2, 1, 3)
        self.assertEqual(self.desk.get("north")["duplicates"], 2)

    def test_bad_status(self) -> None:
        """A status of other words is a fault."""
        self.hear(status("north", b"x" * 100))
        (fault,) = self.desk.get("north")["recent_faults"]
        self.assertIn("neither online nor offline", fault["reason"])
        self.assertLess(len(fault["sample"]), 140)

    async def test_protected(self) -> None:
        """Protected is who has a key, at a broker that asks for it; the others say why not."""
        self.hear(seen("north"), Passed("sample", ENTRY))
        await self.registry.make_key("south", "gate")
        shown = {each["id"]: each["why_unprotected"] for each in self.desk.list()}
        self.assertIn("It has no key", shown["north"])
        self.assertIn("topic without passwords", shown["sample-entry"])
        self.assertIsNone(shown["south"])
        self.assertTrue(self.desk.get("south")["protected"])
        self.gates.broker_open = True
        self.assertIn("broker lets anybody", self.desk.get("south")["why_unprotected"])

    async def test_floor(self) -> None:
        """A floor of its own is in effect at once, audited, and the default comes back."""
        self.hear(seen("north"))
        shown = await self.desk.set_floor("north", -80, "ann")
        self.assertEqual((shown["min_rssi"], shown["default_min_rssi"]), (-80, -100))
        self.assertEqual(self.hear(seen("north"))[0][0].min_rssi, -80)
        await self.restart()
        self.assertEqual(self.hear(seen("north"))[0][0].min_rssi, -80)
        self.assertEqual((await self.desk.set_floor("north", None, "ann"))["min_rssi"], None)
        self.assertIsNone(self.hear(seen("north"))[0][0].min_rssi)

    async def test_floor_goes_with_the_gate(self) -> None:
        """A gate that was removed and comes again has the default."""
        self.hear(seen("north"))
        await self.desk.set_floor("north", -80, "ann")
        await self.registry.remove("north")
        self.assertIsNone(self.hear(seen("north"))[0][0].min_rssi)

    async def test_no_gate(self) -> None:
        """What is no gate is not found here."""
        await self.registry.make_key("hall-camera", "camera")
        for id in ("hall-camera", "nobody"):
            with self.assertRaises(NotFound):
                self.desk.get(id)
        with self.assertRaises(NotFound):
            await self.desk.set_floor("hall-camera", -80, "ann")


class PresenceTests(GatesTest):
    """Who is online, and when it was last heard."""

    enrolment = "open"

    def test_status(self) -> None:
        """The last will takes it offline, its return online."""
        self.hear(status("north", b"online"))
        self.assertEqual(self.states(), {"north": "online"})
        self.hear(status("north", b"offline"))
        self.assertEqual(self.states(), {"north": "offline"})
        self.hear(status("north", b" Online\n"))
        self.assertEqual(self.states(), {"north": "online"})

    def test_cleared_status(self) -> None:
        """An empty status, by which a kept one is deleted, says nothing."""
        self.hear(status("north", b"online"), status("north", b""))
        self.assertEqual(self.states(), {"north": "online"})
        self.assertEqual(self.desk.get("north")["faults"], 0)

    def test_silence(self) -> None:
        """Who said nothing for long is offline, last seen when it said something."""
        self.hear(seen("north"))
        heard = self.registry.get("north")["last_seen"]
        self.advance(200)
        self.assertEqual(self.registry.get("north")["last_seen"], heard)
        self.advance(101)
        self.assertEqual(self.states(), {"north": "offline"})
        self.assertEqual(self.registry.get("north")["last_seen"], heard)
        self.hear(seen("north"))
        self.assertEqual(self.states(), {"north": "online"})

    async def test_new_key(self) -> None:
        """A new key ends what was; the gate is online again with its next message."""
        self.hear(seen("north"))
        await self.registry.make_key("north")
        self.assertEqual(self.states(), {"north": "offline"})
        self.advance(1)
        self.hear(seen("north"))
        self.assertEqual(self.states(), {"north": "online"})
