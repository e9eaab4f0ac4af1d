"""The door cycle on the reactor: what is said, and only after what is on disk."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail

from iotd.bus import PictureHeard, WeightHeard
from iotd.cabinet import records
from iotd.errors import Unavailable
from tests.cabinet.house import ADMIN, LIT, CabinetsTest

IMG, LOF = ("img", "img"), ("cab", "lof")


class CycleTests(CabinetsTest):
    """From button to lights off."""

    async def closed(self) -> None:
        """Both are linked, and the door was opened and closed."""
        await self.link("cab", "img")
        await self.weigh("bfr", 1023.4567)
        await self.weigh("aft", 1000.0)

    async def dark(self) -> None:
        """Lights off was heard."""
        self.wire.heard(*LOF)
        await self.settled()

    def shown(self, *keys: str) -> list[Any]:
        """These of the cabinet's JSON."""
        return [self.json()[key] for key in keys]

    async def test_whole_cycle(self) -> None:
        """Open, close, picture, lights off: each with its word, its row and its JSON."""
        await self.link("cab", "img")
        self.assertEqual(self.wire.said, [])
        await self.weigh("bfr", 1023.4567)
        self.assertEqual(self.shown("door", "phase", "message"),
                         ["open", "open", "The door is open."])
        await self.weigh("aft", 1000.0)
        self.assertEqual(self.wire.said, [IMG])
        self.assertEqual(self.shown("door", "lights"), ["closed", "on"])
        await self.send()
        self.wire.heard(*IMG)
        self.assertEqual(self.wire.said, [IMG, LOF])
        await self.dark()
        self.assertEqual(self.shown("door", "lights", "phase", "weight_g", "message"),
                         ["closed", "off", "rest", 1000.0, ""])
        visit, = await self.history()
        self.assertEqual([visit[key] for key in ("before_g", "after_g", "taken_g")],
                         [1023.4567, 1000.0, 23.4567])
        self.assertIsNotNone(visit["lights_off_at"])
        kept = await self.store.read(records.find_picture, "cab")
        self.assertEqual(kept[1], LIT)

    async def test_first_appearance(self) -> None:
        """A cabinet has the three field items before anything happens, and after a restart."""
        names = {"Nutella": 0, "Pepsi": 0, "Pringles": 0}
        self.assertEqual(self.json()["items"], names)
        self.assertEqual(self.shown("door", "lights", "counts_state", "last_picture_at"),
                         ["unknown", "unknown", "unknown", None])
        await self.restart()
        self.assertEqual(self.json()["items"], names)

    async def test_nothing_is_said_before_the_store_has_it(self) -> None:
        """While the store is away no lights go off; when it is back all is done in order."""
        await self.link("cab", "img")
        await self.weigh("bfr", 1000.0)
        run, self.store.run = self.store.run, _away  # type: ignore[method-assign]
        self.bus.publish(WeightHeard("cab", "aft", 900.0, self.now()))
        self.clock.advance(12)
        self.assertEqual(self.wire.said, [])
        self.store.run = run  # type: ignore[method-assign]
        await self.pass_by(5)
        self.assertEqual(self.wire.said, [IMG])
        self.store.run = _away  # type: ignore[method-assign]
        self.publish_picture()
        self.clock.advance(7)
        self.assertEqual(self.wire.said, [IMG])
        self.store.run = run  # type: ignore[method-assign]
        await self.pass_by(5)
        self.assertEqual(self.wire.said, [IMG, LOF])

    def publish_picture(self) -> None:
        """A picture is heard; nobody waits for what comes of it."""
        self.bus.publish(PictureHeard("img", LIT, self.now()))

    async def test_no_picture_in_time(self) -> None:
        """20 s after the closing lights go off without a picture, not sooner."""
        await self.closed()
        await self.pass_by(19.9)
        self.assertEqual(self.wire.said, [IMG])
        await self.pass_by(0.2)
        self.assertEqual(self.wire.said, [IMG, LOF])
        visit, = await self.history()
        self.assertEqual(visit["outcome"], "No picture came within 20 s.")
        self.assertEqual(self.shown("counts_state"), ["unknown"])

    async def test_late_picture(self) -> None:
        """A picture after that is kept with its visit."""
        await self.closed()
        await self.pass_by(21)
        await self.dark()
        await self.send()
        visit, = await self.history()
        self.assertIn("It came late.", visit["outcome"])
        self.assertIsNotNone(visit["picture"])
        self.assertEqual(self.wire.said, [IMG, LOF])

    async def test_camera_comes_back_in_time(self) -> None:
        """A camera that is lost is asked again when it is there again."""
        await self.closed()
        await self.unlink("img")
        self.assertEqual(self.shown("camera_state"), ["offline"])
        await self.link("img")
        self.assertEqual(self.wire.said, [IMG, IMG])
        await self.send()
        self.assertEqual(self.wire.said, [IMG, IMG, LOF])

    async def test_picture_is_asked_again(self) -> None:
        """A question that was given up is asked again as long as a picture is awaited."""
        await self.closed()
        self.wire.heard(*IMG, done=False)
        await self.pass_by(2)
        self.assertEqual(self.wire.said, [IMG, IMG])
        await self.send()
        self.wire.heard(*IMG, done=False)
        await self.pass_by(5)
        self.assertEqual(self.wire.said, [IMG, IMG, LOF])

    async def test_camera_is_away(self) -> None:
        """With a camera that is known but not there the lights still go off after 20 s."""
        await self.link("cab")
        await self.weigh("aft", 1000.0)
        await self.pass_by(20)
        self.assertEqual(self.wire.said, [LOF])

    async def test_lights_off_was_not_heard(self) -> None:
        """It is said again: soon while the cabinet is there, else when it returns."""
        await self.closed()
        await self.send()
        self.wire.heard(*LOF, done=False)
        await self.pass_by(5)
        self.assertEqual(self.wire.said, [IMG, LOF, LOF])
        await self.unlink("cab")
        self.assertEqual(self.shown("lights"), ["unknown"])
        self.assertIn("when the cabinet connects again", self.json()["message"])
        await self.pass_by(60)
        await self.link("cab")
        await self.pass_by(1)
        self.assertEqual(self.wire.said, [IMG, LOF, LOF, LOF])
        await self.dark()
        self.assertEqual(self.shown("lights", "message"), ["off", ""])
        await self.unlink("cab")
        await self.link("cab")
        await self.pass_by(60)
        await self.dark()
        await self.pass_by(60)
        self.assertEqual(len(self.wire.said), 5)
        self.assertEqual(self.shown("lights", "message"), ["off", ""])

    async def test_light_by_hand_right_after_lights_off(self) -> None:
        """Lights that a person switches on in place of a lights off that did not stand stay on."""
        await self.closed()
        await self.send()
        switched = Deferred.fromCoroutine(self.cabinets.lights(ADMIN, "cab", True))
        await self.settled()
        self.wire.heard(*LOF, done=False)
        self.wire.heard("cab", "lon", done=True)
        await switched
        await self.pass_by(60)
        self.assertEqual(self.wire.said, [IMG, LOF, ("cab", "lon")])
        self.assertEqual(self.shown("lights", "message"), ["on", ""])

    async def test_closed_while_nobody_heard(self) -> None:
        """Of a whole visit nothing reached the store: its lights go off a second after it is
        back, once."""
        await self.closed()
        await self.send()
        await self.dark()
        await self.unlink("cab")
        before = len(self.wire.said)
        await self.link("cab")
        await self.pass_by(0.9)
        self.assertEqual(self.wire.said[before:], [])
        await self.pass_by(0.2)
        await self.dark()
        await self.pass_by(60)
        self.assertEqual(self.wire.said[before:], [LOF])

    async def test_new_cabinet(self) -> None:
        """One that was never used hears nothing unasked, however often it comes."""
        for _ in range(3):
            await self.link("cab", "img")
            await self.pass_by(60)
            await self.unlink("cab", "img")
        self.assertEqual(self.wire.said, [])

    async def test_cabinet_lost_during_the_wait(self) -> None:
        """The picture is still kept, and the cabinet hears lights off when it returns."""
        await self.closed()
        await self.unlink("cab")
        await self.send()
        self.assertEqual(self.wire.said, [IMG])
        await self.link("cab")
        await self.pass_by(1)
        self.assertEqual(self.wire.said, [IMG, LOF])

    async def test_closing_told_on_return(self) -> None:
        """A cabinet that tells of its closing as soon as it is back stays lit for its picture."""
        await self.link("cab", "img")
        await self.weigh("bfr", 1000.0)
        await self.unlink("cab")
        await self.link("cab")
        await self.weigh("aft", 900.0)
        await self.pass_by(5)
        self.assertEqual(self.wire.said, [IMG])
        await self.send()
        self.assertEqual(self.wire.said, [IMG, LOF])

    async def test_an_old_answer_does_not_darken_a_new_cycle(self) -> None:
        """Lights off that was on its way when the door was closed again counts for nothing."""
        await self.closed()
        await self.send()
        await self.weigh("bfr", 1000.0)
        await self.weigh("aft", 990.0)
        self.wire.heard(*LOF)
        await self.settled()
        self.assertEqual(self.shown("lights", "phase"), ["on", "waiting"])
        await self.pass_by(20)
        self.assertEqual(self.wire.said.count(LOF), 2)

    async def test_opened_while_a_picture_is_awaited(self) -> None:
        """The lights go off at once, and both visits are in the history."""
        await self.closed()
        await self.weigh("bfr", 1000.0)
        self.assertEqual(self.wire.said, [IMG, LOF])
        newer, older = await self.history()
        self.assertEqual((newer["before_g"], newer["after_g"]), (1000.0, None))
        self.assertIn("before a picture", older["outcome"])

    async def test_closing_told_twice(self) -> None:
        """It is one visit; a picture is asked for again."""
        await self.closed()
        await self.send()
        await self.dark()
        await self.weigh("aft", 1000.0)
        self.assertEqual(len(await self.history()), 1)
        self.wire.heard(*IMG)
        await self.send()
        self.assertEqual(self.wire.said.count(LOF), 2)

    async def test_unasked_picture(self) -> None:
        """It is kept and shown, and says nothing to the cabinet."""
        await self.link("cab", "img")
        await self.send()
        self.assertIsNotNone(self.json()["last_picture_at"])
        self.assertEqual((self.wire.said, await self.history()), ([], []))

    async def test_strangers(self) -> None:
        """A weight of what is no cabinet, and a picture nobody owns, change nothing."""
        await self.weigh("aft", 1.0, "img")
        await self.send(b"no picture")
        await self.send(id="cab")
        self.assertEqual((self.wire.said, await self.history()), ([], []))


def _away(*_: Any, **__: Any) -> Deferred[Any]:
    return fail(Unavailable("the database is away"))


class CameraTests(CabinetsTest):
    """Which camera is asked."""

    kinds = {"cab": "cabinet", "cab-2": "cabinet", "img": "cabinet_camera",
             "img-2": "cabinet_camera"}

    async def test_the_assigned_one(self) -> None:
        """The assigned camera is asked, and its picture is this cabinet's alone."""
        await self.registry.change("cab", {"camera": "img-2"}, "ada")
        await self.link("cab", "cab-2", "img", "img-2")
        await self.weigh("aft", 1.0)
        self.assertEqual(self.wire.said, [("img-2", "img")])
        await self.send(id="img-2")
        self.assertIsNone(self.json("cab-2")["last_picture_at"])
        self.assertIsNotNone(self.json()["last_picture_at"])

    async def test_the_only_one(self) -> None:
        """Without an assignment it is the only one that is nobody's, or the only one there."""
        self.assertEqual((self.json()["camera"], self.json()["camera_state"]), (None, "several"))
        self.assertIn("choose one (img, img-2)", self.json()["message"])
        await self.link("img")
        self.assertEqual((self.json()["camera"], self.json()["camera_state"]), ("img", "online"))
        await self.registry.change("cab", {"camera": "img"}, "ada")
        self.assertEqual(self.json("cab-2")["camera"], "img-2")

    async def test_none(self) -> None:
        """Without a camera the lights go off at once, and the cabinet says so."""
        await self.link("cab")
        await self.weigh("aft", 1.0)
        self.assertEqual(self.wire.said, [LOF])
        visit, = await self.history()
        self.assertIn("There was no camera to ask.", visit["outcome"])

    async def test_assigned_but_revoked(self) -> None:
        """A camera that was revoked is not replaced by another; the cabinet says why."""
        await self.registry.change("cab", {"camera": "img"}, "ada")
        await self.registry.revoke("img", "ada")
        self.assertIsNone(self.json()["camera"])
        self.assertIn("Its camera img is not an approved", self.json()["message"])
