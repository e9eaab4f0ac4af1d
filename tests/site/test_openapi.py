"""The API's description: nothing missing, and what it says is so."""

from __future__ import annotations

import re
from typing import Any, Iterator

from iotd.site.openapi import path_of
from tests.site.house import HouseTestCase


def references(value: Any) -> Iterator[str]:
    """Every $ref in a document."""
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from references(each)


class OpenApiTests(HouseTestCase):
    """GET /api/openapi.json."""

    def setUp(self) -> None:
        super().setUp()
        self.document = self.house.ask("GET", "/api/openapi.json").json

    def test_no_route_is_missing(self) -> None:
        """Every route that the app serves is in it, and nothing else."""
        rules = self.house.site._url_map.iter_rules()
        served = {(re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
                  for rule in rules for method in rule.methods - {"HEAD"}}
        told = {(path, method) for path, each in self.document["paths"].items() for method in each}
        self.assertEqual(told, served)

    def test_operations(self) -> None:
        """Each has its own id, a summary, and the problems it may answer."""
        ids = set()
        for known in self.house.site.routes:
            operation = self.document["paths"][path_of(known)][known.method.lower()]
            ids.add(operation["operationId"])
            self.assertTrue(operation["summary"], known)
            self.assertIn("application/problem+json", operation["responses"]["401"]["content"])
        self.assertEqual(len(ids), len(self.house.site.routes))

    def test_parameters(self) -> None:
        """Path and query parameters have their types and limits."""
        one = self.document["paths"]["/api/v1/kettles/{id}"]["get"]["parameters"]
        self.assertEqual(one, [{"name": "id", "in": "path", "required": True,
                                "schema": {"type": "integer"}}])
        limit, after = self.document["paths"]["/api/v1/kettles"]["get"]["parameters"]
        self.assertEqual((limit["in"], limit["required"]), ("query", False))
        self.assertEqual(limit["schema"]["maximum"], 1000)

    def test_bodies(self) -> None:
        """Bodies and answers are the models, nested ones too."""
        post = self.document["paths"]["/api/v1/kettles"]["post"]
        body = post["requestBody"]["content"]["application/json"]["schema"]
        self.assertIn("$ref", body)
        self.assertIn("application/json", post["responses"]["201"]["content"])
        self.assertTrue(any("Colour" in name for name in self.document["components"]["schemas"]))

    def test_references(self) -> None:
        """Every reference leads somewhere."""
        known = self.document["components"]["schemas"]
        found = set(references(self.document))
        self.assertTrue(found)
        self.assertEqual({each for each in found if each.rpartition("/")[2] not in known}, set())

    def test_roles(self) -> None:
        """With the rights table each operation tells its roles, and public ones need none."""
        rights = {known.name: ["admin"] for known in self.house.site.routes}
        rights["room.hello"] = ["*"]
        document = self.build(rights=rights).site.openapi
        hello = document["paths"]["/hello"]["get"]
        self.assertEqual((hello["x-roles"], hello["security"]), (["*"], []))
        self.assertEqual(document["paths"]["/kettle"]["get"]["x-roles"], ["admin"])
        post = document["paths"]["/api/v1/admin"]["post"]
        self.assertIn({"session": [], "csrf": []}, post["security"])
