"""Files on their way into the reports, and out of them again."""

from __future__ import annotations

import csv
import io
from typing import Any

from iotd.health.labs.csv_text import as_csv
from iotd.health.labs.imports import Imports
from tests.health.labs.room import LabsRoom, mmol

HEAD = "Tag;Glukose;Notiz\n"
MAPPING = {"Tag": "date", "Glukose": "glucose mg/dL", "Notiz": "ignore"}


class ImportTests(LabsRoom):
    """Anna brings files."""

    async def bring(
        self, who: str, text: str | bytes, preview: bool = False, dates: str = "auto",
        owner: str = "user:2", **mapping: str,
    ) -> dict[str, Any]:
        """What is answered."""
        raw = text.encode() if isinstance(text, str) else text
        return await Imports(self.labs).run(
            who, raw, mapping, dates, preview, owner, self.by()
        )

    async def test_preview(self) -> None:
        """A preview says what a file would do, and does nothing."""
        who = await self.patient()
        await self.put(who, "2023-03-01", {"alt": mmol(20, "U/L")})
        text = "date,ALT (U/L)\n2023-03-01,20\n2023-03-02,30\n2023-03-03,40\n"
        seen = await self.bring(who, text, preview=True)
        self.assertEqual((seen["applied"], seen["added"], seen["unchanged"], seen["shape"]),
                         (False, 2, 1, "wide"))
        self.assertEqual([row["what"] for row in seen["rows"]], ["added", "added", "unchanged"])
        self.assertEqual(len(await self.labs.reports(who)), 1)
        self.assertEqual((await self.bring(who, text))["added"], 2)
        self.assertEqual(len(await self.labs.reports(who)), 3)

    async def test_all_or_nothing(self) -> None:
        """With one fault nothing is taken."""
        who = await self.patient()
        done = await self.bring(who, "date,ALT (U/L)\n2023-03-01,20\n2033-03-02,30\n")
        self.assertEqual((done["applied"], done["faults"][0]["line"]), (False, 3))
        self.assertEqual((await self.labs.reports(who), self.changes), ([], []))

    async def test_there_and_back(self) -> None:
        """What was exported is imported as it was, and changes nothing where it came from."""
        who = await self.patient()
        await self.put(who, "2023-03-01", {
            "glucose": mmol(97, "mg/dL", fasting=False, low=70, high=140),
            "creatinine": mmol(85, "umol/L"), "bilirubin": mmol("<3", "umol/L"),
        }, laboratory="=1+1|Lab")
        before = await self.labs.reports(who)
        text = as_csv(before)
        done = await self.bring(who, text)
        self.assertEqual((done["unchanged"], done["skipped"]), (1, 1), done)
        self.assertEqual(await self.labs.reports(who), before)
        await self.labs.remove(who, "2023-03-01", self.by())
        self.assertTrue((await self.bring(who, text))["applied"])
        after = await self.labs.reports(who)
        for key, each in before[0]["values"].items():
            self.assertEqual({**after[0]["values"][key], "given": each["given"]}, each)
        self.assertEqual(after[0]["laboratory"], "=1+1|Lab")

    async def test_no_formulas(self) -> None:
        """No cell of an export is run by a spreadsheet."""
        who = await self.patient()
        await self.put(who, "2023-03-01", {
            "alt": mmol(20, "U/L"), "creatinine": mmol(85, "umol/L"),
        }, laboratory="@SUM(A1)|cmd")
        text = as_csv(await self.labs.reports(who)).decode()
        rows = list(csv.DictReader(io.StringIO(text)))
        self.assertEqual([row["computed"] for row in rows], ["no", "no", "yes"])
        self.assertEqual(rows[0]["laboratory"], "'@SUM(A1)|cmd")
        for cell in (cell for row in rows for cell in row.values()):
            self.assertFalse(cell.startswith(("=", "+", "-", "@", "\t")), cell)

    async def test_mapping_remembered(self) -> None:
        """What is said of the columns is remembered for that owner and kind of file, once a
        file was taken over."""
        who = await self.patient()
        text = HEAD + "01.03.2023;97;\n"
        self.assertEqual((await self.bring(who, text))["faults_in_all"], 3)
        await self.bring(who, text, preview=True, **MAPPING)
        self.assertFalse((await self.bring(who, text))["applied"])
        self.assertTrue((await self.bring(who, text, **MAPPING))["applied"])
        again = await self.bring(who, HEAD + "02.03.2023;98;x\n")
        self.assertEqual((again["added"], again["columns"][1]["how"]), (1, "remembered"))
        theirs = await self.bring(who, HEAD + "03.03.2023;99;\n", owner="user:9")
        self.assertFalse(theirs["applied"])

    async def test_order_of_dates(self) -> None:
        """An unclear day is asked about; the answer is remembered with the columns."""
        who, text = await self.patient(), "date,ALT (U/L)\n2/3/2023,20\n"
        self.assertTrue((await self.bring(who, text, preview=True))["unclear_dates"])
        self.assertTrue((await self.bring(who, text, dates="dmy"))["applied"])
        again = await self.bring(who, "date,ALT (U/L)\n4/3/2023,20\n")
        self.assertEqual((again["dates"], again["rows"][0]["date"]), ("dmy", "2023-03-04"))

    async def test_large(self) -> None:
        """Two years of weekly reports are taken over."""
        who = await self.patient()
        days = [f"20{year}-{month:02}-{day:02}" for year in (21, 22) for month in range(1, 13)
                for day in (1, 8, 15, 22)]
        heads = ["Glucose (mg/dL)", "ALT (U/L)", "AST (U/L)", "LDL (mmol/L)", "HbA1c (%)"]
        lines = [",".join([day, "97", "20", "21", "2.5", "5.5"]) for day in days]
        done = await self.bring(who, "date," + ",".join(heads) + "\n" + "\n".join(lines))
        self.assertEqual((done["added"], done["values"]), (96, 480))
