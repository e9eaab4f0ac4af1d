"""Cabinets as people see them: who sees what, lights, a look, counts, alerts, ends."""

from __future__ import annotations

from dataclasses import replace

from twisted.internet.defer import Deferred

from iotd.cabinet import stock_records
from iotd.cabinet.images import clean
from iotd.errors import Conflict, IotdError, NotFound
from tests.cabinet.house import ADMIN, LIT, SOMEBODY, CabinetsTest
from tests.parts import picture

IMG, LOF = ("img", "img"), ("cab", "lof")
DARK = clean(picture(0, (96, 64))).jpeg


class PeopleTests(CabinetsTest):
    """Who sees what, and what they may do."""

    async def test_whose(self) -> None:
        """A cabinet is seen by admins and by those whose patient has it; else there is none."""
        self.assertEqual(self.cabinets.list(SOMEBODY), [])
        with self.assertRaises(NotFound):
            self.cabinets.get(SOMEBODY, "cab")
        await self.registry.change("cab", {"patient": "eve"}, "ada")
        self.assertEqual([each["id"] for each in self.cabinets.list(SOMEBODY)], ["cab"])
        self.assertEqual(self.cabinets.get(SOMEBODY, "cab")["patient"], "eve")
        for id in ("img", "nothing"):
            with self.assertRaises(NotFound):
                self.cabinets.get(ADMIN, id)

    async def test_lights(self) -> None:
        """The word is sent whatever the state, and the state follows when it was heard."""
        await self.link("cab")
        for on, word in ((True, "lon"), (True, "lon"), (False, "lof"), (False, "lof")):
            self.wire.at_once = {word: True}
            shown = await self.cabinets.lights(ADMIN, "cab", on)
            self.assertEqual(shown["lights"], "on" if on else "off")
        self.assertEqual([word for _, word in self.wire.said], ["lon", "lon", "lof", "lof"])

    async def test_lights_of_an_absent_one(self) -> None:
        """That is a conflict, before the word and while it waits."""
        await self.refused(Conflict, self.cabinets.lights(ADMIN, "cab", True))
        await self.link("cab")
        doing = Deferred.fromCoroutine(self.cabinets.lights(ADMIN, "cab", True))
        await self.settled()
        await self.unlink("cab")
        await self.assertFailure(doing, Conflict)
        self.assertEqual(self.json()["lights"], "unknown")

    async def test_lights_by_hand_do_not_stay(self) -> None:
        """Lights that a person switched on are put out when the cabinet was gone."""
        await self.link("cab")
        self.wire.at_once = {"lon": True}
        await self.cabinets.lights(ADMIN, "cab", True)
        await self.unlink("cab")
        await self.link("cab")
        await self.pass_by(1)
        self.assertEqual(self.wire.said, [("cab", "lon"), LOF])

    async def test_look(self) -> None:
        """A look asks the camera and nothing else; its picture is the newest."""
        await self.refused(Conflict, self.cabinets.look(ADMIN, "cab"))
        await self.link("img")
        await self.cabinets.look(ADMIN, "cab")
        self.assertEqual(self.wire.said, [IMG])
        await self.send()
        self.assertIsNotNone(self.json()["last_picture_at"])
        await self.refused(NotFound, self.cabinets.look(SOMEBODY, "cab"))

    async def test_pages_are_told(self) -> None:
        """Every change is told once, with all of the cabinet."""
        await self.link("cab")
        await self.weigh("bfr", 5.0)
        self.assertEqual([each["door"] for each in self.told], ["unknown", "open"])
        self.assertEqual(self.told[-1], self.json())
        await self.registry.change("cab", {"name": "Kitchen"}, "ada")
        self.assertEqual(self.told[-1]["name"], "Kitchen")

    async def test_other_kind(self) -> None:
        """What is no cabinet any more, or waits again, is in no list; its history waits for it."""
        await self.link("cab")
        await self.weigh("bfr", 5.0)
        await self.registry.change("cab", {"kind": "watch"}, "ada")
        self.assertEqual(self.cabinets.list(ADMIN), [])
        await self.refused(NotFound, self.cabinets.lights(ADMIN, "cab", True))
        await self.registry.change("cab", {"kind": "cabinet"}, "ada")
        self.assertEqual(self.json()["weight_g"], 5.0)
        await self.registry.revoke("cab", "ada")
        self.assertEqual(self.cabinets.list(ADMIN), [])

    async def test_new(self) -> None:
        """A cabinet that is approved later has its items as soon as that is on disk."""
        await self.registry.make_key("cab-keyed", "cabinet", "ada")
        await self.settled()
        self.assertEqual(len(self.cabinets.known("cab-keyed").items), 3)

    async def test_not_on_disk_yet(self) -> None:
        """Its items are shown from the first moment on, before the store has them."""
        await self.registry.make_key("cab-keyed", "cabinet", "ada")
        self.assertEqual(self.cabinets.known("cab-keyed").items, ())
        shown = self.json("cab-keyed")["items"]
        self.assertEqual(shown, {"Nutella": 0, "Pepsi": 0, "Pringles": 0})
        await self.settled()

    async def test_deleted(self) -> None:
        """A removed cabinet is gone with its wait; as a new device it begins anew."""
        await self.link("cab", "img")
        await self.weigh("aft", 5.0)
        await self.registry.remove("cab", "ada")
        with self.assertRaises(NotFound):
            self.json()
        await self.send()
        await self.pass_by(30)
        self.assertEqual(self.wire.said, [IMG])


class CountingTests(CabinetsTest):
    """From pictures to counts: Pepsi has a photo, the others have none."""

    async def asyncSetUp(self) -> None:
        """Both linked, Pepsi with a photo."""
        await self.link("cab", "img")
        self.pepsi = self.cabinets.known("cab").item("Pepsi").id
        await self.cabinets.commit("cab", lambda connection, id: stock_records.add_photo(
            connection, self.pepsi, 1.0, 96, 64, LIT))

    async def run_cycle(self, *shelves: int) -> None:
        """The door opens and closes, and each picture that is asked for shows so many."""
        weight = self.clock.seconds()
        await self.weigh("bfr", weight)
        await self.weigh("aft", weight)
        for count in shelves:
            self.counter.shelf = {"Pepsi": count}
            self.assertEqual(self.wire.said[-1], IMG)
            await self.send()
            self.wire.heard(*IMG)
            await self.settled()
        self.assertEqual(self.wire.said[-1], LOF)
        self.wire.heard(*LOF)
        await self.pass_by(30)

    async def test_cycle_with_a_change(self) -> None:
        """A change is looked at twice before the lights go off; no change only once."""
        await self.asyncSetUp()
        await self.run_cycle(2, 2)
        self.assertEqual((self.json()["items"]["Pepsi"], self.json()["counts_state"]),
                         (2, "known"))
        await self.run_cycle(2)
        await self.run_cycle(1, 1)
        visits = await self.history()
        self.assertEqual([visit["changes"] for visit in visits],
                         [{"Pepsi": [2, 1]}, {}, {"Pepsi": [None, 2]}])
        self.assertEqual(self.counter.asked[0], (LIT, ("Pepsi",)))

    async def test_pictures_that_disagree(self) -> None:
        """They stay provisional: the number that was taken stays until two agree."""
        await self.asyncSetUp()
        await self.run_cycle(2, 2)
        await self.run_cycle(1, 0)
        self.assertEqual((self.json()["items"]["Pepsi"], self.json()["counts_state"]),
                         (2, "provisional"))
        await self.run_cycle(0)
        self.assertEqual(self.json()["items"]["Pepsi"], 0)

    async def test_one_picture(self) -> None:
        """Where only one picture comes it is shown as provisional while nothing was taken."""
        await self.asyncSetUp()
        await self.weigh("aft", 1.0)
        self.counter.shelf = {"Pepsi": 2}
        await self.send()
        await self.pass_by(21)
        self.assertEqual(self.wire.said, [IMG, IMG, LOF])
        self.assertEqual((self.json()["items"]["Pepsi"], self.json()["counts_state"]),
                         (2, "provisional"))

    async def test_slow_count(self) -> None:
        """Lights wait 8 s for a count and no longer; it is taken all the same."""
        await self.asyncSetUp()
        self.counter.held = []
        await self.weigh("aft", 1.0)
        await self.send()
        self.assertEqual(self.json()["phase"], "counting")
        await self.pass_by(8)
        self.assertEqual(self.wire.said, [IMG, LOF])
        self.counter.shelf = {"Pepsi": 2}
        self.counter.held.pop().callback(self.counter.seen())
        await self.settled()
        self.assertEqual(self.json()["items"]["Pepsi"], 2)
        self.assertEqual(self.wire.said, [IMG, LOF])

    async def test_deleted_while_counted(self) -> None:
        """A cabinet deleted while its picture is counted leaves nothing to the next of its name:
        a visit of that one is kept, and its lights go off."""
        await self.asyncSetUp()
        self.counter.held = []
        await self.weigh("aft", 1.0)
        await self.send()
        await self.registry.remove("cab", "ada")
        self.counter.held.pop().callback(self.counter.seen())
        await self.settled()
        self.counter.held = None
        await self.registry.make_key("cab", "cabinet", "ada")
        await self.link("cab")
        await self.weigh("bfr", 9.0)
        await self.weigh("aft", 7.0)
        self.wire.heard(*IMG)
        await self.send()
        self.assertEqual(self.wire.said[-1], LOF)
        self.assertEqual([visit["after_g"] for visit in await self.history()], [7.0])

    async def test_count_fails(self) -> None:
        """Lights go off at once, and the cabinet says why nothing was counted."""
        await self.asyncSetUp()
        self.counter.fault = IotdError("it is no picture")
        await self.weigh("aft", 1.0)
        await self.send()
        self.assertEqual(self.wire.said, [IMG, LOF])
        self.assertIn("not counted: it is no picture", self.json()["message"])

    async def test_crash_of_the_counter(self) -> None:
        """So they do when the counter fails in a way that nobody foresaw."""
        await self.asyncSetUp()
        self.counter.fault = ZeroDivisionError()
        await self.weigh("aft", 1.0)
        await self.send()
        self.assertEqual(self.wire.said, [IMG, LOF])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    async def test_dark_picture(self) -> None:
        """A picture without light counts nothing, and says so."""
        await self.asyncSetUp()
        await self.run_cycle(2, 2)
        await self.send(black())
        self.assertEqual(self.json()["items"]["Pepsi"], 2)
        self.assertIn("too dark", self.json()["message"])

    async def test_look_that_shows_a_change(self) -> None:
        """It is repeated by itself, once."""
        await self.asyncSetUp()
        await self.cabinets.look(ADMIN, "cab")
        for count, asked in ((2, 2), (1, 2)):
            self.counter.shelf = {"Pepsi": count}
            self.wire.heard(*IMG)
            await self.send()
            self.assertEqual(self.wire.said, [IMG] * asked)

    async def test_restart_before_the_count(self) -> None:
        """A picture whose count did not come is counted by the next run."""
        await self.asyncSetUp()
        self.counter.held = []
        await self.weigh("aft", 1.0)
        await self.send()
        self.counter.held = None
        self.counter.shelf = {"Pepsi": 4}
        await self.restart()
        await self.settled()
        self.assertEqual(self.json()["items"]["Pepsi"], 4)

    async def test_low_stock_once(self) -> None:
        """An alert begins with the crossing and ends with the way back, each once."""
        await self.asyncSetUp()
        await self.cabinets.commit("cab", lambda connection, id: stock_records.change_item(
            connection, self.pepsi, {"low_at": 1}))
        for shelf in ((3, 3), (1, 1), (1,), (0, 0), (5, 5)):
            await self.run_cycle(*shelf)
        self.assertEqual(self.alerts, [("Pepsi in cab runs low: 1 left.", True),
                                       ("Pepsi in cab runs low: 5 left.", False)])

    async def test_alert_that_a_crash_kept_back(self) -> None:
        """A crossing that was stored but not told is told by the next run, once."""
        await self.asyncSetUp()
        await self.cabinets.commit("cab", lambda connection, id: stock_records.save_crossing(
            connection, replace(self.cabinets.known(id).item("Pepsi"), count=0, low_at=1)))
        await self.cabinets.commit("cab", lambda connection, id: stock_records.change_item(
            connection, self.pepsi, {"low_at": 1}))
        for _ in range(3):
            await self.restart()
            await self.settled()
        self.assertEqual(self.alerts, [("Pepsi in cab runs low: none is left.", True)])

    async def test_weak_photos(self) -> None:
        """A photo that tells nothing is marked, until a picture says otherwise."""
        await self.asyncSetUp()
        number = self.cabinets.known("cab").item("Pepsi").photos[0].id
        for weak in ((number,), ()):
            self.counter.weak = weak
            await self.send()
            photo, = self.cabinets.known("cab").item("Pepsi").photos
            self.assertEqual(photo.weak, bool(weak))

    async def test_alert_goes_with_its_owner(self) -> None:
        """When the cabinet is given to another patient, or away, the alert moves and ends."""
        await self.asyncSetUp()
        await self.cabinets.commit("cab", lambda connection, id: stock_records.change_item(
            connection, self.pepsi, {"low_at": 1}))
        await self.run_cycle(1, 1)
        await self.registry.change("cab", {"patient": "eve"}, "ada")
        await self.registry.remove("cab", "ada")
        self.assertEqual([active for _, active in self.alerts], [True, False, True, False])


def black() -> bytes:
    """A picture taken in the dark."""
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (96, 64), (3, 2, 4)).save(out, "JPEG")
    return out.getvalue()
