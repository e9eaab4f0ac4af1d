"""Gates that fall silent, and replays, through the reactor's side of gates."""

from __future__ import annotations

from sqlalchemy import Connection, insert

from iotd.campus import gate_records as records
from iotd.campus.gates import numbers_of
from tests.campus.gate_room import GatesTest, said, seen, status


class SilenceTests(GatesTest):
    """Who is told of a silent gate, and when it is over."""

    enrolment = "open"

    def told(self) -> list[tuple[str | None, bool]]:
        """Alerts so far: the gate, and whether they hold; ends of nothing left out."""
        found, holds = [], set()
        for alert in self.alerts:
            if alert.active or alert.device in holds:
                found.append((alert.device, alert.active))
                holds ^= {alert.device}
        return found

    def test_silent(self) -> None:
        """One alert after five minutes without a message, over with the next one."""
        self.hear(seen("north"))
        self.advance(299)
        self.assertEqual(self.told(), [])
        self.advance(200)
        self.assertEqual(self.told(), [("north", True)])
        self.hear(seen("north"))
        self.assertEqual(self.told(), [("north", True), ("north", False)])

    async def test_words(self) -> None:
        """The alert has the gate's name, and says what to do."""
        self.hear(seen("north"))
        await self.registry.change("north", {"name": "North gate"})
        self.advance(301)
        alert = self.alerts[-1]
        self.assertEqual((alert.key, alert.cause, alert.severity, alert.patient),
                         ("gate_silent:north", "gate_silent", "warning", None))
        self.assertEqual(
            alert.text, "North gate has said nothing for 5 min: check its power and its Wi-Fi.")

    def test_offline(self) -> None:
        """The last will raises it after a while in which a restarted gate is back."""
        self.hear(status("north", b"online"), status("north", b"offline"))
        self.advance(9)
        self.hear(status("north", b"online"))
        self.advance(20)
        self.assertEqual(self.told(), [])
        self.hear(status("north", b"offline"))
        self.advance(11)
        self.assertEqual(self.told(), [("north", True)])
        self.hear(status("north", b"online"))
        self.assertEqual(self.told(), [("north", True), ("north", False)])

    def test_broker_away(self) -> None:
        """While the broker is away nobody is silent, and then all have their time anew."""
        self.hear(seen("north"))
        self.gates.broker_connected(False)
        self.advance(1000)
        self.gates.broker_connected(True)
        self.advance(299)
        self.assertEqual(self.told(), [])
        self.advance(2)
        self.assertEqual(self.told(), [("north", True)])

    async def test_silent_since_the_start(self) -> None:
        """A gate that was there before the daemon was restarted is missed after it."""
        self.hear(seen("north"))
        self.registry.tick()
        await self.restart()
        self.advance(301)
        self.assertEqual(self.told(), [("north", True)])

    async def test_ends_after_a_restart(self) -> None:
        """An alert of before a restart ends when the gate speaks."""
        self.hear(seen("north"))
        await self.restart()
        self.hear(seen("north"))
        self.assertEqual([(alert.device, alert.active) for alert in self.alerts],
                         [("north", False)])

    async def test_never_heard(self) -> None:
        """A key that was made for a gate that is not there yet alarms nobody."""
        await self.registry.make_key("north", "gate")
        self.advance(400)
        self.assertEqual(self.told(), [])

    async def test_gone(self) -> None:
        """A gate that is removed or revoked is not missed any more."""
        self.hear(seen("north"), seen("south"))
        self.advance(301)
        await self.registry.remove("north")
        await self.registry.revoke("south")
        self.advance(301)
        self.assertEqual(self.told(), [("north", True), ("south", True), ("north", False),
                                       ("south", False)])


class PendingSilenceTests(GatesTest):
    """Gates that wait."""

    def test_pending(self) -> None:
        """Nobody misses a gate that nobody approved."""
        self.hear(seen("north"))
        self.advance(301)
        self.assertEqual([alert for alert in self.alerts if alert.active], [])
        self.assertEqual(self.states(), {"north": "pending"})
        self.assertFalse(self.desk.get("north")["connected"])


class ReplayTests(GatesTest):
    """Gates are asked for what is missing."""

    enrolment = "open"

    def test_asked(self) -> None:
        """A gap is asked for on the gate's own topic, and shown until it is filled."""
        self.numbered("north", "9f2c", *range(1, 12), *range(17, 20))
        self.advance(1.5)
        self.assertEqual(self.asked, [])
        self.advance(1.5)
        self.assertEqual(self.asked, [
            ("iotd/gate/north/replay", {"boot": "9f2c", "from": 12, "to": 16})])
        shown = self.desk.get("north")
        self.assertEqual(shown["gaps"], [{"boot": "9f2c", "from": 12, "to": 16, "asked": 1}])
        self.numbered("north", "9f2c", *range(12, 17))
        shown = self.desk.get("north")
        self.assertEqual((shown["gaps"], shown["lost"], shown["replays"]), ([], 0, 1))

    def test_given_up(self) -> None:
        """What never comes is asked for four times, and then shown as lost."""
        self.numbered("north", "b", 1, 3)
        for _ in range(8):
            self.advance(120)
            self.hear(status("north", b"online"))
        self.assertEqual(len(self.asked), 4)
        shown = self.desk.get("north")
        self.assertEqual((shown["gaps"], shown["lost"]), ([], 1))
        self.assertEqual(
            self.metrics.get_sample_value("iotd_gate_lost", {"gate": "north"}), 1)

    def test_long_gap(self) -> None:
        """A long gap is asked for in parts of 500 at most, shown as one."""
        self.numbered("north", "b", 1, 1500)
        self.advance(3)
        self.assertEqual(self.asked[0][1], {"boot": "b", "from": 2, "to": 499})
        self.assertEqual([(gap["from"], gap["to"]) for gap in self.desk.get("north")["gaps"]],
                         [(2, 1499)])

    def test_gone(self) -> None:
        """A gate that is not there is not asked, and asked when it is back."""
        self.numbered("north", "b", 1, 3)
        self.hear(status("north", b"offline"))
        self.advance(60)
        self.assertEqual(self.asked, [])
        self.hear(status("north", b"online"))
        self.advance(3)
        self.assertEqual(len(self.asked), 1)

    def test_broker_away(self) -> None:
        """Nobody is asked while the broker is away."""
        self.numbered("north", "b", 1, 3)
        self.gates.broker_connected(False)
        self.advance(60)
        self.assertEqual(self.asked, [])
        self.gates.broker_connected(True)
        self.advance(3)
        self.assertEqual(len(self.asked), 1)

    async def test_revoked(self) -> None:
        """A revoked gate is not asked."""
        self.numbered("north", "b", 1, 3)
        await self.registry.revoke("north")
        self.advance(60)
        self.assertEqual(self.asked, [])

    def test_head(self) -> None:
        """A boot that is first heard in its middle is asked for its beginning, later."""
        self.numbered("north", "b", 5)
        self.advance(9)
        self.assertEqual(self.asked, [])
        self.advance(2)
        self.assertEqual([ask for _, ask in self.asked], [{"boot": "b", "from": 1, "to": 4}])


class RestartTests(GatesTest):
    """Gaps across a restart of the daemon."""

    enrolment = "open"

    async def test_from_the_store(self) -> None:
        """What the store has of a boot is not asked for, what it lacks is."""
        self.hear(seen("north"))
        self.store.call(self.write, "north", "b", "[[1,3],[5,9]]")
        self.store.call(self.write, "south", "b", "rubbish")
        await self.restart()
        self.numbered("north", "b", 10)
        self.advance(3)
        self.assertEqual([ask for _, ask in self.asked], [{"boot": "b", "from": 4, "to": 4}])

    async def test_from_the_spool(self) -> None:
        """What waits in the spool since before the start is not asked for."""
        self.hear(seen("north"))
        self.store.call(self.write, "north", "b", "[[1,3]]")
        await self.restart()
        self.gates.remember(numbers_of([said("north", "b", 4, 5, 7)[0]]))
        self.numbered("north", "b", 8)
        self.advance(3)
        self.assertEqual([ask for _, ask in self.asked], [{"boot": "b", "from": 6, "to": 6}])

    def write(self, connection: Connection, gate: str, boot: str, heard: str) -> None:
        """What the applier keeps."""
        now = self.now()
        connection.execute(insert(records.boots).values(
            gate=records.number_of(connection, gate), boot=boot, first_heard=now,
            last_heard=now, heard=heard,
        ))


class LateReplayTests(GatesTest):
    """Gates that were approved in the middle of a boot."""

    async def test_before_approval(self) -> None:
        """What a gate said before it was approved was dropped, and is not asked for."""
        await self.approved("north")
        self.advance(1)
        self.numbered("north", "b", 50, 51)
        self.advance(60)
        self.assertEqual(self.asked, [])
        self.numbered("north", "c", 3)
        self.advance(12)
        self.assertEqual([ask for _, ask in self.asked], [{"boot": "c", "from": 1, "to": 2}])

    async def test_key_made_ahead(self) -> None:
        """A gate with a key is missed from the first number of its first boot on."""
        await self.registry.make_key("north", "gate")
        self.numbered("north", "b", 3)
        self.advance(12)
        self.assertEqual([ask for _, ask in self.asked], [{"boot": "b", "from": 1, "to": 2}])
