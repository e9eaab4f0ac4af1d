"""Queries and bodies: what is taken, and what is said about the rest."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.site.inputs import MAX_DEPTH, check_json
from iotd.site.problems import Refusal
from tests.site.house import HouseTestCase, Reply

LIST = "/api/v1/kettles"


class QueryTests(HouseTestCase):
    """The query string against its model."""

    def ask(self, query: str) -> Reply:
        return self.house.ask("GET", f"{LIST}?{query}", who="ann")

    def test_defaults_and_values(self) -> None:
        """What is not given has its default, what is given its type."""
        self.assertEqual(self.ask("").json["limit"], 100)
        self.assertEqual(self.ask("limit=7&after=a%20b").json["limit"], 7)
        self.assertEqual(self.house.room.calls[-1].query.after, "a b")

    def test_wrong_values(self) -> None:
        """A wrong value is named with what is allowed."""
        for query in ("limit=0", "limit=1001", "limit=x", "limit=", "limit=1.5"):
            reply = self.ask(query)
            self.assertEqual((reply.status, reply.json["field"]), (422, "limit"), query)
            self.assertEqual(reply.header("content-type"), "application/problem+json")
        self.assertIn("less than or equal to 1000", self.ask("limit=1001").json["detail"])

    def test_unknown_keys(self) -> None:
        """An unknown key is named, and so is what is known."""
        reply = self.ask("limt=7")
        self.assertEqual((reply.status, reply.json["field"]), (422, "limt"))
        self.assertIn("known: after, limit", reply.json["detail"])
        reply = self.house.ask("GET", "/api/v1/fail?x=1", who="ann")
        self.assertEqual((reply.status, reply.json["field"]), (422, "x"))

    def test_repeated_keys(self) -> None:
        """A key given twice is refused, as readers differ on which one counts."""
        reply = self.ask("limit=1&limit=1")
        self.assertEqual((reply.status, reply.json["field"]), (422, "limit"))

    def test_pages_take_strangers(self) -> None:
        """A page is shown whatever others have put behind its address."""
        self.assertEqual(self.house.ask("GET", "/kettle?utm=1&utm=2", who="ann").status, 200)

    def test_unreadable(self) -> None:
        """Bytes that are no text, NUL, and floods of fields are refused."""
        for query in ("a=%ff", "limit=%00", "&".join(f"a{n}=1" for n in range(101))):
            self.assertEqual(self.ask(query).status, 400, query)


class BodyTests(HouseTestCase):
    """JSON bodies against their model."""

    def ask(self, json_body: Any = None, **options: Any) -> Reply:
        return self.house.ask("POST", LIST, json_body=json_body, who="ann", **options)

    def test_taken(self) -> None:
        """A right body arrives as its model, and the answer has the route's status."""
        reply = self.ask({"name": "k", "litres": 2.5, "colour": {"red": 3}})
        self.assertEqual((reply.status, reply.json["colour"]), (201, {"red": 3}))

    def test_faults_are_named(self) -> None:
        """The offending field is named in dotted form with what is allowed."""
        for body, field, said in (
            ({}, "name", "is missing"),
            ({"name": 5}, "name", "should be a valid string"),
            ({"name": "k", "litres": "2"}, "litres", "should be a valid number"),
            ({"name": "k", "colour": {"red": 256}}, "colour.red", "less than or equal to 255"),
            ({"name": "k", "lid": 1}, "lid", "known: colour, litres, name"),
        ):
            reply = self.ask(body)
            self.assertEqual((reply.status, reply.json["field"]), (422, field))
            self.assertIn(said, reply.json["detail"])

    def test_all_faults_at_once(self) -> None:
        """Several faults are all told."""
        told = self.ask({"litres": "x", "lid": 1}).json["errors"]
        self.assertEqual({each["field"] for each in told}, {"name", "litres", "lid"})

    def test_values_are_not_repeated(self) -> None:
        """What was sent, perhaps a password, is not in the answer."""
        self.assertNotIn(b"geheim", self.ask({"name": "k", "litres": "geheim"}).body)

    def test_wrong_types(self) -> None:
        """Only application/json in UTF-8 is a body, also where none is needed."""
        for kind in ("text/plain", "application/x-www-form-urlencoded",
                     "multipart/form-data; boundary=x", "application/json; charset=latin-1"):
            for path in (LIST, "/api/v1/admin"):
                reply = self.house.ask("POST", path, body=b"{}", who="ann",
                                       headers={"Content-Type": kind})
                self.assertEqual(reply.status, 415, (kind, path))
        reply = self.ask(body=b'{"name":"k"}', headers={"Content-Type": ""})
        self.assertEqual(reply.status, 415)

    def test_no_json(self) -> None:
        """What is not JSON, or read differently by others, is a 400 in words."""
        deep = b'{"name":' + b"[" * 60_000
        for body in (b"{", b"nul", b'{"name":NaN}', b'{"name":1e999}', b'{"a":1,"a":1}', deep,
                     b'"\xff"', b'{"name":' + b"9" * 5000 + b"}", b'{"name":"\\ud800"}'):
            reply = self.ask(body=body, headers={"Content-Type": "application/json"})
            self.assertEqual(reply.status, 400, body[:40])
            self.assertEqual(reply.json["status"], 400)
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_not_an_object(self) -> None:
        """A list or a number is no body of ours."""
        for body in ([], 5, None, "x"):
            reply = self.ask(body=repr(body).replace("None", "null").replace("'", '"').encode(),
                             headers={"Content-Type": "application/json"})
            self.assertEqual(reply.status, 422, body)

    def test_empty_body(self) -> None:
        """No body at all is an empty object: what is missing is named."""
        self.assertEqual(self.ask().json["field"], "name")


class JsonTests(SynchronousTestCase):
    """What check_json lets through."""

    def test_depth(self) -> None:
        """So many levels pass, one more does not."""
        check_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
        over = b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1)
        self.assertRaises(Refusal, check_json, over)

    @settings(max_examples=300, deadline=None)
    @given(st.binary(max_size=60) | st.text("[]{}:,\"\\0123456789.eE+-aN u", max_size=40))
    def test_anything(self, raw: bytes | str) -> None:
        """Whatever comes is let through or refused with 400, never anything else."""
        try:
            check_json(raw if isinstance(raw, bytes) else raw.encode())
        except Refusal as refusal:
            self.assertEqual(refusal.status, 400)
