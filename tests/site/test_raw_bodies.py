"""Bodies that are no JSON, and names with a slash in them."""

from __future__ import annotations

from iotd.site.routes import Answer, Call, route
from tests.site.house import HouseTestCase

NOTES, RECORDS = "/api/v1/notes", "/api/v1/records"


class Notes:
    """Takes files, and has notes of any name."""

    @route("POST", NOTES, name="notes.add", raw="text/csv", body_limit=200_000)
    async def add(self, call: Call) -> Answer:
        """A file."""
        return Answer({"bytes": len(call.body)})

    @route("GET", NOTES + "/<id>", name="notes.get")
    async def get(self, call: Call, id: str) -> Answer:
        """One note."""
        return Answer({"id": id})

    @route("GET", NOTES + "/<id>/pages", name="notes.pages")
    async def pages(self, call: Call, id: str) -> Answer:
        """Its pages."""
        return Answer({"pages": id})


class Records:
    """Takes a kind of JSON."""

    @route("POST", RECORDS, name="records.add", raw="application/fhir+json")
    async def add(self, call: Call) -> Answer:
        """A record."""
        return Answer({"bytes": len(call.body)})


class RawTests(HouseTestCase):
    """A route that takes a file."""

    def setUp(self) -> None:
        self.house = self.build(Notes())

    def test_bytes(self) -> None:
        """The handler has the bytes as they came, up to the route's own limit."""
        for kind in ("text/csv", "Text/CSV; charset=UTF-8", 'text/csv;charset="utf-8"'):
            reply = self.house.ask("POST", NOTES, body=b"\xff\0" * 50_000, who="ann",
                                   headers={"Content-Type": kind})
            self.assertEqual((reply.status, reply.json), (200, {"bytes": 100_000}), kind)
        reply = self.house.ask("POST", NOTES, body=b"x" * 200_001, who="ann",
                               headers={"Content-Type": "text/csv"})
        self.assertEqual(reply.status, 413)

    def test_undeclared(self) -> None:
        """A file of which the client says nothing of use is taken for what is wanted."""
        for headers in ({}, {"Content-Type": "text/plain"},
                        {"Content-Type": "application/octet-stream"},
                        {"Content-Type": "text/csv; header=present; charset=UTF-8"}):
            reply = self.house.ask("POST", NOTES, body=b"a=b&c", who="ann", headers=headers)
            self.assertEqual((reply.status, reply.json), (200, {"bytes": 5}), headers)

    def test_json(self) -> None:
        """Where a kind of JSON is wanted, plain JSON is taken as well."""
        house = self.build(Records())
        for kind in ("application/fhir+json", "application/json; charset=utf-8", "text/plain"):
            reply = house.ask("POST", RECORDS, body=b"{}", who="ann",
                              headers={"Content-Type": kind})
            self.assertEqual((reply.status, reply.json), (200, {"bytes": 2}), kind)
        reply = house.ask("POST", RECORDS, body=b"{}", who="ann",
                          headers={"Content-Type": "text/csv"})
        self.assertEqual(reply.status, 415)

    def test_other_types(self) -> None:
        """Another type is refused with what is allowed."""
        for headers in ({"Content-Type": "application/json"},
                        {"Content-Type": "multipart/form-data; boundary=x"},
                        {"Content-Type": "application/x-www-form-urlencoded"},
                        {"Content-Type": "text/plain; charset=utf-16"},
                        {"Content-Type": "text/csv; charset=latin-1"}):
            reply = self.house.ask("POST", NOTES, body=b"{}", who="ann", headers=headers)
            self.assertEqual(reply.status, 415)
            self.assertIn("text/csv", reply.json["detail"])

    def test_described(self) -> None:
        """The API's description names the type."""
        said = self.house.site.openapi["paths"][NOTES]["post"]["requestBody"]
        self.assertEqual(list(said["content"]), ["text/csv"])


class SlashTests(HouseTestCase):
    """A slash of a name."""

    def setUp(self) -> None:
        self.house = self.build(Notes())

    def test_in_a_name(self) -> None:
        """An encoded slash stays in its part of the path, and stays encoded."""
        reply = self.house.ask("GET", f"{NOTES}/a%2Fb%2fc", who="ann")
        self.assertEqual(reply.json, {"id": "a%2Fb%2Fc"})
        reply = self.house.ask("GET", f"{NOTES}/a%2Fpages/pages", who="ann")
        self.assertEqual(reply.json, {"pages": "a%2Fpages"})

    def test_parts_nothing(self) -> None:
        """It never parts a path, nor leads up in one."""
        for path in (f"{NOTES}%2Fa", f"{NOTES}/a%2Fb/c", "/static/x%2F..%2Fapp.js",
                     f"{NOTES}/%2e%2e%2fx", "/%2Fapi/v1/notes/x"):
            self.assertEqual(self.house.ask("GET", path, who="ann").status, 404, path)
