"""Reports on the disk: merged, removed, told, and what a watch gets."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import gatherResults

from iotd.accounts.records import list_audit
from iotd.errors import Invalid, NotFound
from iotd.health.labs import merging, records
from iotd.health.labs.analytes import KEYS
from iotd.health.labs.ranges import Range
from iotd.health.labs.service import FHIR
from tests.databases import both
from tests.health.labs.room import TODAY, LabsRoom, mmol
from tests.health.room import ANNA, refused


@both
class MergeTests(LabsRoom):
    """PUT merges by day and analyte."""

    async def test_merged(self) -> None:
        """What is told of a day joins what is there; null takes out; versions count."""
        who = await self.patient()
        first = await self.put(who, "2026-03-01", {"glucose": mmol(5.4), "hdl_c": mmol(1.5)},
                               laboratory="Lab  A")
        self.assertEqual((first["version"], first["laboratory"]), (1, "Lab A"))
        second = await self.put(who, "2026-03-01", {"glucose": None, "potassium": mmol(4.1)})
        self.assertEqual(list(second["values"]), ["hdl_c", "potassium"])
        self.assertEqual((second["version"], second["laboratory"], second["id"]),
                         (2, "Lab A", first["id"]))
        self.assertEqual(await self.labs.reports(who), [second])

    async def test_same_again(self) -> None:
        """The same again changes nothing: no version, no audit, no word on the bus."""
        who = await self.patient()
        told: dict[str, Any] = {
            "glucose": mmol(97, "mg/dL", fasting=True, low=70, high=100), "egfr": mmol(
                ">90", "mL/min/1.73m2"),
        }
        first = await self.put(who, "2026-03-01", told)
        self.now += 60
        self.assertEqual(await self.put(who, "2026-03-01", told), first)
        self.assertEqual(len(self.changes), 1)
        audited = await self.store.read(list_audit, 10, None)
        self.assertEqual([row["action"] for row in audited].count("change labs"), 1)

    async def test_as_exported(self) -> None:
        """What comes back as it was exported, rounded and in our unit, changes nothing; what
        had been computed stays computed."""
        who = await self.patient()
        first = await self.put(who, "2026-03-01", {
            "glucose": mmol(97, "mg/dL"), "creatinine": mmol(0.93, "mg/dL"),
            "total_cholesterol": mmol(187, "mg/dL"), "hdl_c": mmol(51, "mg/dL"),
        })
        again = {key: mmol(each["value"], each["unit"]) for key, each in first["values"].items()}
        self.assertIn("egfr", again)
        self.assertEqual(await self.put(who, "2026-03-01", again, FHIR), first)

    async def test_relabelled(self) -> None:
        """The same number in another unit is another result."""
        who = await self.patient()
        await self.put(who, "2026-03-01", {"alt": mmol(40, "U/L")})
        changed = await self.put(who, "2026-03-01", {"alt": mmol(1, "ukat/L")})
        self.assertEqual((changed["values"]["alt"]["value"], changed["version"]), (60, 2))
        self.assertEqual(changed["values"]["alt"]["given"], {"value": 1, "unit": "ukat/L"})

    async def test_at_once(self) -> None:
        """Twenty who write at once are all there."""
        who = await self.patient()
        made: Any = [
            self.labs.put_all(who, {"2026-03-01": ({key: records.Result(
                key, 50.0, None, 50.0, "x")}, None)}, self.by(), "api") for key in KEYS
        ]
        await gatherResults(made)
        report = (await self.labs.reports(who))[0]
        self.assertEqual((list(report["values"]), report["version"]), (list(KEYS), len(KEYS)))

    async def test_emptied(self) -> None:
        """When the last value is taken out there is no report any more."""
        who = await self.patient()
        await self.put(who, "2026-03-01", {"alt": mmol(40, "U/L")})
        left = await self.put(who, "2026-03-01", {"alt": None})
        self.assertEqual((left["values"], await self.labs.reports(who)), ({}, []))
        await self.put(who, "2026-03-02", {"alt": None})
        self.assertEqual(len(self.changes), 2)

    async def test_removed(self) -> None:
        """A report is removed once; a patient's removal takes all of them."""
        who = await self.patient()
        for day in ("2026-03-01", "2026-03-02"):
            await self.put(who, day, {"alt": mmol(40, "U/L")})
        await self.labs.remove(who, "2026-03-01", self.by())
        self.assertIsInstance(await refused(self.labs.remove(who, "2026-03-01", self.by())),
                              NotFound)
        self.assertEqual([each["date"] for each in await self.labs.reports(who)], ["2026-03-02"])
        await self.patients.remove(ANNA, who)
        for table in (records.reports, records.values):
            rows = await self.store.read(lambda c, t=table: c.execute(t.select()).all())
            self.assertEqual(rows, [])

    async def test_told(self) -> None:
        """A change is told on the bus and in the audit, without any value."""
        who = await self.patient()
        await self.put(who, "2026-03-01", {"alt": mmol(4711, "U/L")}, laboratory="Lab Q")
        self.assertEqual([(each["section"], each["what"], each["by"]) for each in self.changes],
                         [("labs", "changed", "anna")])
        row = (await self.store.read(list_audit, 1, None))[0]
        self.assertEqual((row["action"], row["patient"]), ("change labs", who))
        self.assertNotIn("4711", row["detail"])
        self.assertNotIn("Lab Q", row["detail"])

    async def test_most(self) -> None:
        """A patient has at most a thousand reports; over that nothing is kept."""
        who = await self.patient()
        self.patch(merging, "MOST_REPORTS", 2)
        for day in ("2026-03-01", "2026-03-02"):
            await self.put(who, day, {"alt": mmol(40, "U/L")})
        error = await refused(self.put(who, "2026-03-03", {"alt": mmol(40, "U/L")}))
        self.assertIsInstance(error, Invalid)
        self.assertEqual(len(await self.labs.reports(who)), 2)


@both
class KeptTests(LabsRoom):
    """What else is kept."""

    async def test_columns(self) -> None:
        """What was said of columns is remembered by owner and kind of file, the last fifty."""
        def keep(connection: Any) -> list[Any]:
            for number in range(60):
                records.keep_columns(connection, "user:2", f"f{number}", {"n": number}, number)
            records.keep_columns(connection, "user:2", "f59", {"n": "new"}, 99)
            records.keep_columns(connection, "user:3", "f0", {"n": "theirs"}, 99)
            found = [records.find_columns(connection, "user:2", f"f{n}") for n in (0, 9, 10, 59)]
            records.forget_columns(connection, "user:2")
            return [*found, records.find_columns(connection, "user:2", "f59"),
                    records.find_columns(connection, "user:3", "f0")]

        found = await self.store.run(keep)
        self.assertEqual(found, [None, None, {"n": 10}, {"n": "new"}, None, {"n": "theirs"}])

    async def test_ranges(self) -> None:
        """The site's ranges are in force at once and for old reports too; none: built-in."""
        who = await self.patient()
        await self.put(who, "2026-03-01", {"alt": mmol(50, "U/L")})
        ours = Range("alt", 7, 45, "Ours, 2026", "female", 0, 150, kind="site")
        await self.labs.put_ranges({"alt": [ours]}, self.by())
        shown = (await self.labs.reports(who))[0]["values"]["alt"]
        self.assertEqual((shown["flag"], shown["range_source"], shown["range_kind"]),
                         ("H", "Ours, 2026", "site"))
        self.assertEqual(await self.labs.site_ranges(), [ours])
        await self.labs.put_ranges({"alt": []}, self.by())
        self.assertIsNone((await self.labs.reports(who))[0]["values"]["alt"]["flag"])

    async def test_newest(self) -> None:
        """A watch gets sixteen values of the newest report, computed ones included; what is
        only a limit, or not there, is nothing."""
        who = await self.patient()
        self.assertEqual(await self.labs.newest(who), [None] * 16)
        await self.put(who, "2026-03-01", {"alt": mmol(20, "U/L")})
        await self.put(who, "2026-03-02", {
            "total_cholesterol": mmol(200, "mg/dL"), "hdl_c": mmol(1.3), "bilirubin": mmol(
                "<3", "umol/L"),
        })
        found = dict(zip(KEYS, await self.labs.newest(who)))
        self.assertEqual({key: value for key, value in found.items() if value is not None},
                         {"total_cholesterol": 5.17, "hdl_c": 1.3, "chol_hdl": 3.98})

    async def test_today(self) -> None:
        """A report of today is taken, one of tomorrow is not."""
        who = await self.patient()
        await self.put(who, TODAY, {"alt": mmol(20, "U/L")})
        self.now -= 86400
        error = await refused(self.put(who, TODAY, {"alt": mmol(20, "U/L")}))
        self.assertIn("future", str(error))

    async def test_nobody(self) -> None:
        """Of a patient there is not nothing is read or written."""
        for work in (self.labs.reports("nobody"), self.labs.newest("nobody"),
                     self.put("nobody", "2026-03-01", {}), self.labs.section("nobody", self.now),
                     self.labs.remove("nobody", "2026-03-01", self.by())):
            self.assertIsInstance(await refused(work), NotFound)
