"""The daemon dies at any step of the story and comes again: nothing is stuck, nothing lost."""

from __future__ import annotations

import random

from iotd.bus import PictureHeard, WeightHeard
from tests.cabinet.house import LIT, CabinetsTest

LOF = ("cab", "lof")


class RestartTests(CabinetsTest):
    """A story, cut at every step."""

    async def play(self, steps: int) -> None:
        """The first so many steps, each settled but the last: that one is cut off."""
        tell = (
            lambda: self.link("cab", "img"),
            lambda: self.weigh("bfr", 1000.0),
            lambda: self.weigh("aft", 900.0),
            lambda: self.send(),
            lambda: self.answer("img", "img"),
            lambda: self.answer("cab", "lof"),
        )
        for number in range(steps):
            await tell[number]()

    async def answer(self, device: str, word: str) -> None:
        """A word was heard."""
        self.wire.heard(device, word)
        await self.settled()

    async def come_back(self) -> None:
        """Both boards return, nobody sends a picture, what is said is heard."""
        await self.link("cab", "img")
        await self.pass_by(21)
        if LOF in self.wire.said:
            await self.answer(*LOF)

    async def check(self, steps: int) -> None:
        """Die after so many steps: later the lights are off and the visit tells its weights."""
        await self.play(steps)
        await self.restart()
        await self.come_back()
        shown, visits = self.json(), await self.history()
        self.assertEqual(shown["phase"], "open" if steps == 2 else "rest")
        self.assertEqual(shown["lights"], "unknown" if steps < 2 else "off")
        self.assertEqual(LOF in self.wire.said, steps >= 2)
        self.assertEqual(len(visits), min(1, max(0, steps - 1)))
        if steps > 2:
            self.assertEqual((visits[0]["taken_g"], shown["door"]), (100.0, "closed"))
            self.assertEqual(visits[0]["picture"] is not None, steps > 3)
            self.assertIsNotNone(visits[0]["lights_off_at"])

    async def test_cut_before_anything(self) -> None:
        """A cabinet that only connected hears nothing when it returns."""
        await self.check(1)

    async def test_cut_while_open(self) -> None:
        """It stays open, and hears lights off."""
        await self.check(2)

    async def test_cut_while_waiting(self) -> None:
        """The wait for a picture goes on with the link, 20 s at most."""
        await self.check(3)

    async def test_cut_after_the_picture(self) -> None:
        """What was not heard is said again."""
        await self.check(4)

    async def test_cut_before_the_lights_answer(self) -> None:
        """So it is when only the camera had its answer."""
        await self.check(5)

    async def test_cut_after_all(self) -> None:
        """A cycle that is done stays done; that it is dark is said once more."""
        await self.check(6)

    async def test_nobody_returns(self) -> None:
        """A wait ends by itself after a restart, be nobody there."""
        await self.play(3)
        await self.restart()
        await self.pass_by(21)
        self.assertEqual(self.json()["phase"], "rest")
        self.assertIn("when the cabinet connects again", self.json()["message"])

    async def test_picture_after_a_restart(self) -> None:
        """A picture that is asked for anew ends the wait that the last run began."""
        await self.play(3)
        await self.restart()
        await self.link("img", "cab")
        self.assertEqual(self.wire.said, [("img", "img")])
        await self.send()
        self.assertEqual(self.wire.said, [("img", "img"), LOF])

    async def test_many_stories(self) -> None:
        """Random events, deaths and losses: in the end lights are off and all weights are told."""
        for seed in range(4):
            await self.story(random.Random(seed))

    async def story(self, chance: random.Random) -> None:
        """25 random things, then peace."""
        heard: list[float] = []
        for _ in range(25):
            await self.happen(chance, heard)
        await self.unlink("cab", "img")
        await self.come_back()
        self.assertIn(self.json()["phase"], ("rest", "open"))
        self.assertNotEqual(self.json()["lights"], "on")
        visits = await self.history()
        weights = {visit[key] for visit in visits for key in ("before_g", "after_g")}
        self.assertLessEqual(set(heard), weights)

    async def happen(self, chance: random.Random, heard: list[float]) -> None:
        """One thing, which may be cut off by a death of the daemon."""
        what = chance.choice(
            ("bfr", "aft", "bfr", "aft", "picture", "lof", "time", "link", "unlink", "die")
        )
        if what in ("bfr", "aft"):
            heard.append(float(chance.randrange(1, 10**9)))
            self.bus.publish(WeightHeard("cab", what, heard[-1], self.now()))
        elif what == "picture":
            self.bus.publish(PictureHeard("img", LIT, self.now()))
        elif what == "lof" and LOF in [entry[:2] for entry in self.wire.waiting]:
            self.wire.heard(*LOF, done=chance.random() < 0.7)
        elif what == "time":
            self.clock.advance(chance.choice((1, 6, 30)))
        elif what in ("link", "unlink"):
            who = chance.choice(("cab", "img"))
            await (self.link(who) if what == "link" else self.unlink(who))
        elif what == "die":
            await self.restart()
        if chance.random() < 0.5:
            await self.settled()
