"""The API is what its description says."""

from __future__ import annotations

import re
from typing import Any, Iterator

from tests.running_daemon import Answer
from tests.system.house import SystemTest

TYPES: dict[str, Any] = {
    "object": dict, "array": list, "string": str, "integer": int, "number": float | int,
    "boolean": bool, "null": type(None),
}
ENDLESS = ("/api/v1/events", "/cameras/wall.multipart")


class OpenApiTests(SystemTest):
    """Everything that can be asked without knowing anything."""

    shared = True

    def setUp(self) -> None:
        super().setUp()
        self.described = self.daemon.ask("GET", "/api/openapi.json", role=None).json

    def gets(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every GET that needs no parameter."""
        for path, methods in self.described["paths"].items():
            if "get" in methods and "{" not in path and path not in ENDLESS:
                yield path, methods["get"]

    def fits(self, value: Any, schema: dict[str, Any], where: str) -> None:
        """What of JSON Schema the description uses: types, properties, items, unions."""
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            return self.fits(value, self.described["components"]["schemas"][name], where)
        if "anyOf" in schema:
            kinds = tuple(TYPES[each["type"]] for each in schema["anyOf"] if "type" in each)
            named = [each for each in schema["anyOf"] if "$ref" in each]
            if not (named and isinstance(value, dict)):
                return self.assertIsInstance(value, kinds, where)
            return self.fits(value, named[0], where)
        self.assertIsInstance(value, TYPES.get(schema.get("type", ""), object), where)
        if isinstance(value, dict):
            self.assertLessEqual(set(schema.get("required", ())), set(value), where)
            for name in value.keys() & schema.get("properties", {}).keys():
                self.fits(value[name], schema["properties"][name], f"{where}.{name}")
        for each in value if isinstance(value, list) else ():
            self.fits(each, schema.get("items", {}), f"{where}[]")
        return None

    def test_every_get(self) -> None:
        """Every GET without parameters answers as described: JSON of its schema, or a page."""
        self.camera()
        asked = 0
        for path, operation in self.gets():
            answer = self.daemon.ask("GET", path, role="admin")
            described = operation["responses"]
            self.assertIn(str(answer.status), {*described, "303"}, path)
            content = described.get("200", {}).get("content", {}).get("application/json")
            if answer.status == 200 and content:
                self.fits(answer.json, content["schema"], path)
            asked += 1
        self.assertGreater(asked, 12)

    def test_refusals(self) -> None:
        """Every refusal is problem+json of the described shape, with a status that is listed."""
        for path, methods in self.described["paths"].items():
            for method, operation in methods.items() if path not in ENDLESS else ():
                thing = re.sub(r"\{\w+\}", "no-such-thing", path)
                answer = self.daemon.ask(method.upper(), thing, {"no": "such"}, role="viewer",
                                         headers={"Accept": "application/json"})
                if answer.status >= 400 and not path.startswith("/static"):
                    self.refusal(answer, operation, f"{method} {path}")

    def refusal(self, answer: Answer, operation: dict[str, Any], what: str) -> None:
        """One refusal."""
        self.assertIn(str(answer.status), operation["responses"], what)
        self.assertEqual(answer.headers["content-type"], "application/problem+json", what)
        schema = {"$ref": "#/components/schemas/Problem"}
        self.fits(answer.json, schema, what)
        self.assertEqual(answer.json["status"], answer.status, what)

    def test_paging(self) -> None:
        """Lists come in pages of the asked size, and `next` leads through all of them once."""
        for number in range(7):
            self.daemon.call("POST", f"/api/v1/devices/page-{number}/key", {})
        seen: list[str] = []
        path = "/api/v1/devices?limit=3"
        while path:
            page = self.daemon.call("GET", path)
            self.assertLessEqual(len(page["items"]), 3)
            seen += [each["id"] for each in page["items"]]
            path = page["next"]
        self.assertEqual(len(seen), len(set(seen)))
        self.assertLessEqual({f"page-{number}" for number in range(7)}, set(seen))
        for bad in ("0", "1001", "-1", "x", "1e3"):
            self.assertEqual(self.daemon.ask("GET", f"/api/v1/devices?limit={bad}").status, 422)
