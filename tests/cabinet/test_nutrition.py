"""What is in food, and what a day of it comes to, in the cabinet's own store."""

from __future__ import annotations

import base64
from datetime import datetime, timezone
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from iotd.accounts.records import list_audit
from iotd.accounts.shared import By
from iotd.bus import PatientRemoved, RecordChanged
from iotd.cabinet import nutrition_records as records
from iotd.cabinet.diet import Diet
from iotd.cabinet.intake import Taken
from iotd.cabinet.items import Items
from iotd.cabinet.nutrition import KEYS, NUTRIENTS, SUGGESTIONS, Facts, parts_over, totals
from iotd.calendar import Calendar
from iotd.errors import Invalid
from tests.cabinet.house import ADMIN, LIT, CabinetsTest
from tests.parts import NOW

BY = By("ada", NOW, "192.0.2.7")
TODAY = datetime.fromtimestamp(NOW, timezone.utc).date().isoformat()


class FactTests(SynchronousTestCase):
    """Facts and sums of them."""

    def test_suggestions(self) -> None:
        """What is offered can be: parts of 100 g, energy as fat and sugar alone give, a source."""
        for name, facts in SUGGESTIONS.items():
            self.assertLessEqual(parts_over(facts), 0, name)
            least = 9 * (facts.fat_g or 0) + 4 * ((facts.sugar_g or 0) + (facts.protein_g or 0))
            self.assertTrue(least * 0.9 <= (facts.energy_kcal or 0) <= 900, name)
            self.assertIn("approximate", facts.source)
            self.assertLessEqual(len(facts.source), 200)

    def test_daily_values(self) -> None:
        """Every daily value names who stands for it, and the known ones are what they are."""
        values = {each.key: each.daily for each in NUTRIENTS}
        self.assertEqual(values, {
            "energy_kcal": 2000, "fat_g": 70, "sugar_g": 50, "fibre_g": 25, "protein_g": 50,
            "salt_g": 5, "iron_mg": 9, "calcium_mg": 1000, "b12_ug": 2.4,
        })
        self.assertTrue(all(10 < len(each.source) <= 200 for each in NUTRIENTS))

    def test_totals(self) -> None:
        """Grams times facts; what is not known is said, what is none is none."""
        facts = {1: Facts(400, fat_g=30.0, fibre_g=0.0), 2: Facts(100, fat_g=10.0)}
        sums = totals([
            Taken(0.0, 1, 1, 50.0, "weight"), Taken(0.0, 1, 1, 50.0, "weight"),
            Taken(0.0, 2, 1, 10.0, "pieces"),
        ], facts)
        self.assertEqual((sums["fat_g"].amount, sums["fat_g"].known), (31.0, True))
        self.assertEqual((sums["fibre_g"].amount, sums["fibre_g"].known), (0.0, False))
        for stranger in (Taken(0.0, None, None, 9.0, "weight"), Taken(0.0, 3, 1, 9.0, "weight"),
                         Taken(0.0, 1, 1, None, "pieces")):
            self.assertFalse(totals([stranger], facts)["fat_g"].known)
        self.assertTrue(totals([Taken(0.0, 1, 1, None, "pieces")], facts)["fibre_g"].known)


class DietTests(CabinetsTest):
    """Eve's cabinet, with facts of Nutella; a day of UTC."""

    async def setUp(self) -> None:  # type: ignore[override]
        super().setUp()
        self.diet = Diet(cabinets=self.cabinets, days_of=self.days_of, knows=self.knows)
        self.heard: list[dict[str, Any]] = []
        self.bus.subscribe(RecordChanged, lambda event: self.heard.append(event.data))
        self.items = Items(self.cabinets)
        await self.link("cab", "img")
        await self.registry.change("cab", {"patient": "eve"}, "test")
        await self.tell("Nutella", **{"piece_g": 400, "energy_kcal": 500.0, "fat_g": 30.0})

    async def days_of(self, patient: str) -> Calendar:
        """As habits give them."""
        return Calendar("UTC")

    def knows(self, patient: str) -> bool:
        """Eve alone."""
        return patient == "eve"

    async def tell(self, name: str, **fields: Any) -> dict[str, Any]:
        """Facts of an item."""
        item = self.diet.item(ADMIN, "cab", name)
        return await self.diet.set_facts("cab", item, fields, BY)

    async def visit(self, before: float, after: float) -> None:
        """A minute later opened and closed; nobody takes a picture."""
        await self.pass_by(60)
        await self.weigh("bfr", before)
        await self.weigh("aft", after)
        await self.pass_by(30)

    async def count(self, name: str, number: int) -> None:
        """A count by hand."""
        await self.items.correct(ADMIN, "cab", name, number)

    async def today(self) -> dict[str, Any]:
        """Today's intake."""
        return await self.diet.day("eve", None, self.now())

    def amounts(self, day: dict[str, Any]) -> dict[str, tuple[float, bool]]:
        """By nutrient."""
        return {each["nutrient"]: (each["amount"], each["known"]) for each in day["nutrients"]}

    async def test_a_jar(self) -> None:
        """A count that falls and a weight that leaves are an item, its grams, its energy."""
        await self.count("Nutella", 2)
        await self.visit(1000, 620)
        await self.count("Nutella", 1)
        day = await self.today()
        self.assertEqual(
            [(each["item"], each["pieces"], each["grams"], each["basis"])
             for each in day["items"]],
            [("Nutella", 1, 380.0, "weight")],
        )
        amounts = self.amounts(day)
        self.assertEqual(amounts["energy_kcal"], (1900.0, True))
        self.assertEqual(amounts["iron_mg"], (0.0, False))
        self.assertEqual((day["day"], day["complete"], day["unknown"]), (TODAY, False, []))
        energy = day["nutrients"][0]
        self.assertEqual((energy["share"], energy["daily_value"]), (0.95, 2000))
        await self.items.undo(ADMIN, "cab", "Nutella")
        day = await self.today()
        self.assertEqual([each["item"] for each in day["items"]], [None])
        self.assertEqual(day["unknown_grams"], 380.0)

    async def test_by_pictures(self) -> None:
        """What two pictures agree on is what was taken, also when the second comes late."""
        await self.count("Pepsi", 3)
        await self.items.add_photo(ADMIN, "cab", "Pepsi", {"image": await self.photo()})
        self.counter.shelf = {"Pepsi": 2}
        await self.weigh("bfr", 1000)
        await self.weigh("aft", 657)
        await self.send()
        await self.pass_by(10)
        self.assertEqual((await self.today())["items"][0]["item"], None)
        await self.weigh("bfr", 657)
        await self.weigh("aft", 657)
        await self.send()
        day = await self.today()
        self.assertEqual([(each["item"], each["grams"]) for each in day["items"]],
                         [("Pepsi", 343.0)])
        self.assertEqual([each["item"] for each in day["unknown"]], ["Pepsi"])

    async def photo(self) -> str:
        """A picture as an upload."""
        return base64.b64encode(LIT).decode()

    async def test_days(self) -> None:
        """A day's sum is that day's alone; other people's cabinets are none of it."""
        await self.count("Nutella", 9)
        await self.visit(1000, 600)
        await self.count("Nutella", 8)
        await self.pass_by(86400)
        await self.visit(600, 580)
        found = await self.diet.history("eve", 3, self.now())
        self.assertEqual([each["grams"] for each in found], [0.0, 400.0, 20.0])
        self.assertEqual([each["amounts"]["energy_kcal"] for each in found], [0.0, 2000.0, 0.0])
        self.assertEqual([each["complete"] for each in found], [True, False, False])
        before = await self.diet.day("eve", TODAY, self.now())
        self.assertEqual(before["items"][0]["grams"], 400.0)
        self.assertEqual((await self.diet.day("joe", TODAY, self.now()))["items"], [])
        for day in ("2099-01-01", "2001-01-01"):
            await self.refused(Invalid, self.diet.day("eve", day, self.now()))

    async def test_facts(self) -> None:
        """Facts merge, offer but never take a suggestion, and go with the last of them."""
        item = self.diet.item(ADMIN, "cab", "Nutella")
        made = await self.tell("Nutella", iron_mg=4.4, fat_g=None, source="the label")
        self.assertEqual((made["piece_g"], made["fat_g"], made["iron_mg"], made["source"]),
                         (400, None, 4.4, "the label"))
        self.assertEqual(made["energy_kj"], 2092)
        pepsi = await self.diet.facts("cab", self.diet.item(ADMIN, "cab", "Pepsi"))
        self.assertEqual((pepsi["known"], pepsi["sugar_g"]), (False, None))
        self.assertGreater(pepsi["suggestion"]["sugar_g"], 10)
        with_too_much = {"fat_g": 60.0, "sugar_g": 50.0}
        await self.assertFailure(self.diet.set_facts("cab", item, with_too_much, BY), Invalid)
        gone = await self.tell("Nutella", piece_g=None, energy_kcal=None, iron_mg=None)
        self.assertFalse(gone["known"])
        self.assertEqual(self.heard[-1]["what"], "change item facts")
        rows = await self.store.read(list_audit, 1)
        self.assertEqual((rows[0]["action"], rows[0]["patient"]), ("change item facts", "eve"))

    async def test_removed_item(self) -> None:
        """Of an item that is gone the name stays, what was in it is not known any more."""
        await self.count("Nutella", 2)
        await self.visit(1000, 600)
        await self.count("Nutella", 1)
        await self.items.remove(ADMIN, "cab", "Nutella")
        day = await self.today()
        self.assertEqual([each["item"] for each in day["unknown"]], ["Nutella"])
        self.assertFalse(any(each["known"] for each in day["nutrients"]))

    async def test_targets(self) -> None:
        """Daily values of one's own hold, null brings the usual ones back, and they go with
        the patient."""
        found = await self.diet.set_targets("eve", {"iron_mg": 18.0, "source": "my doctor"}, BY)
        iron = next(each for each in found if each["nutrient"] == "iron_mg")
        self.assertEqual((iron["daily_value"], iron["source"], iron["own"], iron["usual"]),
                         (18.0, "my doctor", True, 9))
        await self.diet.set_targets("eve", {"salt_g": 3.0}, BY)
        await self.diet.set_targets("eve", {"iron_mg": None}, BY)
        own = [each["nutrient"] for each in await self.diet.targets("eve") if each["own"]]
        self.assertEqual(own, ["salt_g"])
        self.bus.publish(PatientRemoved("eve"))
        await self.settled()
        self.assertEqual(await self.store.read(records.patients_with_targets), [])

    async def test_targets_of_strangers(self) -> None:
        """What an interrupted removal left goes at the next start."""
        await self.diet.set_targets("joe", {"iron_mg": 18.0}, BY)
        await self.diet.set_targets("eve", {"iron_mg": 18.0}, BY)
        await self.store.run(self.diet.load)
        self.assertEqual(await self.store.read(records.patients_with_targets), ["eve"])

    def test_keys(self) -> None:
        """Facts and daily values speak of the same nutrients."""
        self.assertEqual(set(KEYS), set(Facts.__dataclass_fields__) - {"piece_g", "source"})
