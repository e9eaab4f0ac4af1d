"""Health reports as browsers and scripts ask for them."""

from __future__ import annotations

import csv
import io
from typing import Any

from tests.apps import Browser
from tests.health.labs.room import LabsTest, mmol


class ReportTests(LabsTest):
    """GET, PUT and DELETE."""

    async def test_thin_path(self) -> None:
        """A report that is told comes back with codes, ranges, flags and what is computed."""
        reply = await self.tell(
            "2023-03-01", glucose=mmol(126, "mg/dl"), creatinine=mmol(85, "µmol/L"),
            total_cholesterol=mmol(6.2), hdl_c=mmol(1.1),
        )
        self.assertEqual(reply.status, 200, reply.body)
        self.assertEqual(await self.get("/labs"), {"items": [reply.json], "next": None})
        values = reply.json["values"]
        self.assertEqual(list(values), ["total_cholesterol", "hdl_c", "chol_hdl", "glucose",
                                        "creatinine", "egfr"])
        self.assertEqual({key: each["flag"] for key, each in values.items()}, {
            "total_cholesterol": "H", "hdl_c": "L", "chol_hdl": "H", "glucose": "H",
            "creatinine": None, "egfr": None,
        })
        glucose = values["glucose"]
        self.assertAlmostEqual(glucose["value"], 6.9938, 4)
        self.assertEqual((glucose["unit"], glucose["loinc"], glucose["given"], glucose["high"]),
                         ("mmol/L", "14771-0", {"value": 126.0, "unit": "mg/dL"}, 5.6))

    async def test_order_and_pages(self) -> None:
        """The newest is first, whenever it was told; lists come in pages."""
        for day in ("2023-02-01", "2023-05-01", "2022-01-01"):
            await self.tell(day, alt=mmol(20, "U/L"))
        page = await self.get("/labs?limit=2")
        rest = await self.anna.call("GET", page["next"])
        days = [each["date"] for each in page["items"] + rest.json["items"]]
        self.assertEqual(days, ["2023-05-01", "2023-02-01", "2022-01-01"])
        self.assertEqual(page["items"][0]["values"]["alt"]["previous"],
                         {"value": 20, "date": "2023-02-01"})

    async def test_refused(self) -> None:
        """What can't be is refused with the field that is at fault, and nothing is kept."""
        bodies: list[tuple[Any, str]] = [
            ({"glucose": {"value": "high", "unit": "mmol/L"}}, "values.glucose.value"),
            ({"glucose": mmol(5.4, "shoes")}, "values.glucose.unit"),
            ({"glucose": mmol(5.4, "mg/dL")}, "values.glucose.value"),
            ({"glucose": {"value": 5.4}}, "values.glucose.unit"),
            ({"glucose": mmol(True)}, "values.glucose.value"),
            ({"glucose": mmol(10**300)}, "values.glucose.value"),
            ({"alt": mmol(20, "U/L"), "iron": mmol(9)}, "values.iron"),
            ({"alt": mmol(20, "U/L", low=50, high=7)}, "values.alt.low"),
            ({"alt": 20}, "values.alt"), ({}, "values"), ([], "values"),
        ]
        for values, field in bodies:
            reply = await self.put("/labs", date="2023-03-01", values=values)
            self.assertEqual((reply.status, reply.json["field"]), (422, field), reply.body)
        for day in ("2033-01-01", "1948-07-20", "2023-02-30", "yesterday", ""):
            reply = await self.tell(day, alt=mmol(20, "U/L"))
            self.assertEqual((reply.status, reply.json["field"]), (422, "date"), reply.body)
        self.assertEqual((await self.get("/labs"))["items"], [])

    async def test_no_json_numbers(self) -> None:
        """NaN and numbers no computer has are refused."""
        for number in ("NaN", "Infinity", "1e400"):
            body = '{"date": "2023-03-01", "values": {"alt": {"value": %s, "unit": "U/L"}}}'
            reply = await self.anna.call(
                "PUT", f"{self.path}/labs", data=(body % number).encode(),
                headers={"Content-Type": "application/json"},
            )
            self.assertEqual(reply.status, 400)

    async def test_names(self) -> None:
        """A laboratory's name is text; a long one, and one that can't be printed, is refused."""
        name = "<script>alert(1)</script>"
        reply = await self.put("/labs", date="2023-03-01", laboratory=name,
                               values={"alt": mmol(20, "U/L")})
        self.assertEqual(reply.json["laboratory"], name)
        for wrong in ("x" * 101, "a\u202eb", "\x00"):
            reply = await self.put("/labs", date="2023-03-01", laboratory=wrong, values={})
            self.assertEqual((reply.status, reply.json["field"]), (422, "laboratory"), wrong)

    async def test_removed(self) -> None:
        """A report is removed by its day."""
        await self.tell("2023-03-01", alt=mmol(20, "U/L"))
        for status in (204, 404):
            reply = await self.anna.call("DELETE", f"{self.path}/labs/2023-03-01")
            self.assertEqual(reply.status, status)
        self.assertEqual((await self.get("/labs"))["items"], [])

    async def test_doctors(self) -> None:
        """A doctor with the section reads and writes, seen by the patient; without it there
        is no such patient."""
        dora = await self.doctor("dora", "labs")
        emil = await self.doctor("emil", "advice")
        self.assertEqual((await self.tell("2023-03-01", dora, alt=mmol(20, "U/L"))).status, 200)
        self.assertEqual(len((await self.get("/labs", dora))["items"]), 1)
        audited = await self.audited()
        self.assertIn(("dora", "change labs"), audited)
        self.assertIn(("dora", "view labs"), audited)
        for verb, path, body in (
            ("GET", "/labs", None), ("GET", "/labs.csv", None),
            ("PUT", "/labs", {"date": "2023-03-01", "values": {"alt": None}}),
            ("DELETE", "/labs/2023-03-01", None), ("POST", "/labs/import", None),
        ):
            options: Any = {"json": body} if body else {}
            if verb == "POST":
                options = {"data": b"x", "headers": {"Content-Type": "text/csv"}}
            reply = await emil.call(verb, self.path + path, **options)
            self.assertEqual(reply.status, 404, path)

    async def test_sources(self) -> None:
        """A report says how it came."""
        await self.tell("2023-03-01", alt=mmol(20, "U/L"))
        await self.bring("date,ALT (U/L)\n2023-03-02,30\n")
        sources = [each["source"] for each in (await self.get("/labs"))["items"]]
        self.assertEqual(sources, ["csv", "hand"])


class TableTests(LabsTest):
    """The table of analytes, and the site's ranges."""

    async def test_analytes(self) -> None:
        """Pages get all sixteen with units, factors, ranges and sources."""
        reply = await self.anna.call("GET", "/api/v1/labs/analytes")
        items = reply.json["items"]
        self.assertEqual(len(items), 16)
        self.assertEqual(items[0]["units"][1]["loinc"], "2093-3")
        self.assertTrue(all(each["ranges"] and each["about"] for each in items))

    async def test_ranges(self) -> None:
        """An admin puts ranges with their source; they are in force, and taken back by null."""
        admin = await self.signed_in("root", "admin")
        await self.tell("2023-03-01", alt=mmol(50, "U/L"))
        row = {"sex": "female", "age_from": 18, "age_to": 150, "low": 7, "high": 45,
               "source": "our own laboratory, 2023"}
        path = "/api/v1/labs/ranges"
        reply = await admin.call("PUT", path, json={"ranges": {"alt": [row]}})
        self.assertEqual(reply.status, 200, reply.body)
        self.assertEqual(len((await admin.call("GET", path)).json["items"]), 1)
        self.assertEqual((await self.get("/labs"))["items"][0]["values"]["alt"]["flag"], "H")
        await admin.call("PUT", path, json={"ranges": {"alt": None}})
        self.assertIsNone((await self.get("/labs"))["items"][0]["values"]["alt"]["flag"])
        self.assertEqual((await self.anna.call("GET", path)).status, 403)

    async def test_refused_ranges(self) -> None:
        """Ranges without a source or a side, upside down or twice for an age, are refused."""
        admin = await self.signed_in("root", "admin")
        good = {"low": 7, "high": 45, "source": "ours"}
        for key, rows, field in (
            ("alt", [{"low": 7}], "ranges.alt.0.source"),
            ("alt", [{"source": "x"}], "ranges.alt.0.low"),
            ("alt", [{**good, "source": "  "}], "ranges.alt.0.source"),
            ("alt", [{**good, "low": 45}], "ranges.alt.0.low"),
            ("alt", [{**good, "age_from": 9, "age_to": 8}], "ranges.alt.0.age_from"),
            ("alt", [good, good], "ranges.alt"), ("iron", [good], "ranges.iron"),
            ("alt", [{**good, "low": -1}], "ranges.alt.0.low"),
            ("alt", [{**good, "sex": "x"}], "ranges.alt.0.sex"),
        ):
            reply = await admin.call("PUT", "/api/v1/labs/ranges", json={"ranges": {key: rows}})
            self.assertEqual((reply.status, reply.json["field"]), (422, field), reply.body)


class FileTests(LabsTest):
    """CSV in and out."""

    async def rows(self, browser: Browser | None = None) -> list[dict[str, str]]:
        """The exported lines."""
        reply = await (browser or self.anna).call("GET", f"{self.path}/labs.csv")
        self.assertEqual(reply.status, 200)
        return list(csv.DictReader(io.StringIO(reply.body.decode())))

    async def test_there_and_back(self) -> None:
        """What was exported is imported as it was, and changes nothing where it came from."""
        await self.put("/labs", date="2023-03-01", laboratory="=1+1|Lab", values={
            "glucose": mmol(97, "mg/dL", fasting=False, low=70, high=140),
            "creatinine": mmol(85, "umol/L"), "bilirubin": mmol("<3", "umol/L"),
        })
        before = (await self.get("/labs"))["items"]
        reply = await self.anna.call("GET", f"{self.path}/labs.csv")
        done = await self.bring(reply.body)
        self.assertEqual(done.status, 200, done.body)
        self.assertEqual((done.json["unchanged"], done.json["skipped"]), (1, 1))
        self.assertEqual((await self.get("/labs"))["items"], before)
        await self.anna.call("DELETE", f"{self.path}/labs/2023-03-01")
        self.assertEqual((await self.bring(reply.body)).status, 201)
        after = (await self.get("/labs"))["items"]
        for key, each in before[0]["values"].items():
            self.assertEqual({**after[0]["values"][key], "given": each["given"]}, each)
        self.assertEqual(after[0]["laboratory"], "=1+1|Lab")

    async def test_no_formulas(self) -> None:
        """No cell of an export is run by a spreadsheet."""
        await self.put("/labs", date="2023-03-01", laboratory="@SUM(A1)|cmd",
                       values={"alt": mmol(20, "U/L"), "creatinine": mmol(85, "umol/L")})
        rows = await self.rows()
        self.assertEqual([row["computed"] for row in rows], ["no", "no", "yes"])
        self.assertEqual(rows[0]["laboratory"], "'@SUM(A1)|cmd")
        for cell in (cell for row in rows for cell in row.values()):
            self.assertFalse(cell.startswith(("=", "+", "-", "@", "\t")), cell)

    async def test_preview(self) -> None:
        """A preview says what a file would do, and does nothing."""
        await self.tell("2023-03-01", alt=mmol(20, "U/L"))
        text = "date,ALT (U/L)\n2023-03-01,20\n2023-03-02,30\n2023-03-03,40\n"
        seen = (await self.bring(text, preview=True)).json
        self.assertEqual((seen["applied"], seen["added"], seen["unchanged"], seen["shape"]),
                         (False, 2, 1, "wide"))
        self.assertEqual([row["what"] for row in seen["rows"]], ["added", "added", "unchanged"])
        self.assertEqual(len((await self.get("/labs"))["items"]), 1)
        self.assertEqual((await self.bring(text)).json["added"], 2)
        self.assertEqual(len((await self.get("/labs"))["items"]), 3)

    async def test_all_or_nothing(self) -> None:
        """With one fault nothing is taken; it is told by line and column."""
        reply = await self.bring("date,ALT (U/L)\n2023-03-01,20\n2033-03-02,30\n")
        self.assertEqual((reply.status, reply.json["field"]), (422, "date"))
        self.assertIn("Line 3", reply.json["detail"])
        self.assertEqual(reply.json["faults"][0]["line"], 3)
        self.assertEqual((await self.get("/labs"))["items"], [])

    async def test_mapping_remembered(self) -> None:
        """What is said of the columns is remembered for that person and kind of file."""
        head = "Tag;Glukose;Notiz\n"
        mapping = {"Tag": "date", "Glukose": "glucose mg/dL", "Notiz": "ignore"}
        unknown = await self.bring(head + "01.03.2023;97;\n", preview=True)
        self.assertEqual(unknown.json["faults_in_all"], 3)
        await self.bring(head + "01.03.2023;97;\n", preview=True, **mapping)
        self.assertEqual((await self.bring(head + "02.03.2023;98;\n")).status, 422)
        self.assertEqual((await self.bring(head + "01.03.2023;97;\n", **mapping)).status, 201)
        again = await self.bring(head + "02.03.2023;98;x\n")
        self.assertEqual((again.status, again.json["columns"][1]["how"]), (201, "remembered"))
        dora = await self.doctor("dora", "labs")
        self.assertEqual((await self.bring(head + "03.03.2023;99;\n", dora)).status, 422)

    async def test_order_of_dates(self) -> None:
        """An unclear day is asked about; the answer is remembered with the columns."""
        text = "date,ALT (U/L)\n2/3/2023,20\n"
        self.assertTrue((await self.bring(text, preview=True)).json["unclear_dates"])
        self.assertEqual((await self.bring(text, dates="dmy")).status, 201)
        again = (await self.bring("date,ALT (U/L)\n4/3/2023,20\n")).json
        self.assertEqual((again["dates"], again["rows"][0]["date"]), ("dmy", "2023-03-04"))

    async def test_bad_requests(self) -> None:
        """A mapping that is none, another media type, and a file too large are refused."""
        headers = {"Content-Type": "text/csv"}
        for query in ("?mapping=x", "?mapping=[]", "?mapping={%22a%22:%22shoes%22}",
                      "?dates=ymd", "?mapping=" + "[" * 3000):
            reply = await self.anna.call("POST", f"{self.path}/labs/import{query}",
                                         data=b"a", headers=headers)
            self.assertEqual(reply.status, 422, query[:40])
        reply = await self.anna.call("POST", f"{self.path}/labs/import", json={})
        self.assertEqual(reply.status, 415)
        reply = await self.bring(b"x" * (1024 * 1024 + 1))
        self.assertEqual(reply.status, 413)

    async def test_large(self) -> None:
        """Two years of weekly reports, 1,600 results, are taken over."""
        days = [f"20{year}-{month:02}-{day:02}" for year in (21, 22) for month in range(1, 13)
                for day in (1, 8, 15, 22)]
        heads = ["Glucose (mg/dL)", "ALT (U/L)", "AST (U/L)", "LDL (mmol/L)", "HbA1c (%)"]
        lines = [",".join([day, "97", "20", "21", "2.5", "5.5"]) for day in days]
        reply = await self.bring("date," + ",".join(heads) + "\n" + "\n".join(lines))
        self.assertEqual((reply.status, reply.json["added"], reply.json["values"]), (201, 96, 480))
