"""Health reports as browsers and scripts ask for them."""

from __future__ import annotations

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
        """The newest is first, whenever it was told; lists come in pages; one is removed by
        its day."""
        for day in ("2023-02-01", "2023-05-01", "2022-01-01"):
            await self.tell(day, alt=mmol(20, "U/L"))
        page = await self.get("/labs?limit=2")
        rest = await self.anna.call("GET", page["next"])
        days = [each["date"] for each in page["items"] + rest.json["items"]]
        self.assertEqual(days, ["2023-05-01", "2023-02-01", "2022-01-01"])
        self.assertEqual(page["items"][0]["values"]["alt"]["previous"],
                         {"value": 20, "date": "2023-02-01"})
        for status in (204, 404):
            reply = await self.anna.call("DELETE", f"{self.path}/labs/2023-05-01")
            self.assertEqual(reply.status, status)
        self.assertEqual(len((await self.get("/labs"))["items"]), 2)

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
        for number in ("NaN", "Infinity", "1e400"):
            body = '{"date": "2023-03-01", "values": {"alt": {"value": %s, "unit": "U/L"}}}'
            reply = await self.anna.call(
                "PUT", f"{self.path}/labs", data=(body % number).encode(),
                headers={"Content-Type": "application/json"},
            )
            self.assertEqual(reply.status, 400)
        for wrong in ("x" * 101, "a\u202eb", "\x00"):
            reply = await self.put("/labs", date="2023-03-01", laboratory=wrong, values={})
            self.assertEqual((reply.status, reply.json["field"]), (422, "laboratory"), wrong)
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


class TableTests(LabsTest):
    """The table of analytes, and the site's ranges."""

    async def test_ranges(self) -> None:
        """An admin puts ranges with their source; they are in force, and taken back by null;
        everybody may see what the table of analytes holds."""
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
        items = (await self.anna.call("GET", "/api/v1/labs/analytes")).json["items"]
        self.assertEqual((len(items), items[0]["units"][1]["loinc"]), (16, "2093-3"))
        self.assertTrue(all(each["ranges"] and each["about"] for each in items))
        await self.refused_ranges(admin)

    async def refused_ranges(self, admin: Browser) -> None:
        """Ranges without a source or a side, upside down or twice for an age, are refused."""
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
    """CSV in and out over HTTP."""

    async def test_files(self) -> None:
        """A file is previewed, refused whole with line and column, taken over, given out."""
        text = "date,ALT (U/L)\n2023-03-01,20\n"
        self.assertFalse((await self.bring(text, preview=True)).json["applied"])
        reply = await self.bring(text + "2033-03-02,30\n")
        self.assertEqual((reply.status, reply.json["field"]), (422, "date"))
        self.assertIn("Line 3", reply.json["detail"])
        self.assertEqual((await self.get("/labs"))["items"], [])
        reply = await self.bring(text)
        self.assertEqual((reply.status, reply.json["added"]), (201, 1))
        self.assertEqual((await self.bring(text)).status, 200)
        self.assertEqual((await self.get("/labs"))["items"][0]["source"], "csv")
        reply = await self.anna.call("GET", f"{self.path}/labs.csv")
        self.assertIn("labs-", str(reply.header("Content-Disposition")))
        self.assertIn(b"2023-03-01,alt,ALT,20,U/L", reply.body)

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
