"""Who gets through, and who is told what."""

from __future__ import annotations

import re
from typing import Any

from iotd.site.guard import READING, safe_next
from iotd.site.routes import Route
from tests.site.house import PUBLIC, HouseTestCase, Reply

KETTLE = {"name": "k"}


class GuardTests(HouseTestCase):
    """Identity, role, CSRF token and Origin."""

    def ask(self, known: Route, **options: Any) -> Reply:
        path = re.sub(r"<int:\w+>", "7", known.path)
        path = re.sub(r"<[^>]+>", "x", path)
        if known.body is not None:
            options.setdefault("json_body", KETTLE)
        return self.house.ask(known.method, path, **options)

    def guarded(self) -> list[Route]:
        return [each for each in self.house.site.routes if each.name not in PUBLIC]

    def writing(self) -> list[Route]:
        return [each for each in self.guarded() if each.method not in READING]

    def test_strangers(self) -> None:
        """A stranger gets 401 from every guarded route, and pages lead to the login."""
        for known in self.guarded():
            reply = self.ask(known)
            self.assertEqual(reply.status, 303 if known.kind == "page" else 401, known)
        self.assertTrue(self.guarded())

    def test_login_remembers_where(self) -> None:
        """A page that needs a login tells the login where to go on."""
        reply = self.house.ask("GET", "/kettle?id=5&x=%20")
        self.assertEqual(reply.header("location"), "/login?next=/kettle%3Fid%3D5%26x%3D%2520")

    def test_before_the_first_account(self) -> None:
        """Pages lead to the set-up until there is an account; the API says 401."""
        self.house.people.first_account = False
        for path in ("/", "/kettle", "/login"):
            self.assertEqual(self.house.ask("GET", path).header("location"), "/setup")
        self.assertEqual(self.house.ask("GET", "/api/v1/kettles").status, 401)
        self.assertEqual(self.house.ask("GET", "/api/v1/kettles", who="bot").status, 200)

    def test_wrong_role(self) -> None:
        """Somebody known with the wrong role gets 403."""
        reply = self.house.ask("POST", "/api/v1/admin", who="vic")
        self.assertEqual(reply.status, 403)
        self.assertIn("viewer", reply.json["detail"])

    def test_every_write_needs_the_token(self) -> None:
        """No write with a cookie passes without the session's own CSRF token."""
        for known in self.writing():
            for told in ({}, {"X-CSRF-Token": "csrf-of-vic"}, {"X-CSRF-Token": ""},
                         {"X-CSRF-Token": "csrf-of-an"}):
                reply = self.ask(known, who="ann", csrf=False, headers=told)
                self.assertEqual(reply.status, 403, (known, told))
            self.assertLess(self.ask(known, who="ann").status, 300, known)

    def test_every_write_needs_our_origin(self) -> None:
        """No write with a cookie passes from another site's page, whatever it knows."""
        for known in self.house.site.routes:
            for told in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": ""},
                         {"Referer": "https://evil.example/iotd.example"},
                         {"Origin": "https://iotd.example.evil.example"},
                         {"Origin": "https://iotd.example:444"},
                         {"Sec-Fetch-Site": "cross-site"}):
                if known.method not in READING:
                    reply = self.ask(known, who="ann", headers=told)
                    self.assertEqual(reply.status, 403, (known, told))

    def test_our_origins(self) -> None:
        """The Host header's site and public_url are our own, with either header."""
        for told in ({"Origin": "https://iotd.example"}, {"Origin": "https://IOTD.example:443"},
                     {"Referer": "https://iotd.example/kettle"}, {"Referer": ""},
                     {"Host": "10.0.0.1:8080", "Origin": "http://10.0.0.1:8080"},
                     {"Host": "[fe80::1]:8080", "Origin": "http://[fe80::1]:8080"},
                     {"Host": "10.0.0.1:8080", "Origin": "https://iotd.example"}):
            reply = self.house.ask("POST", "/api/v1/admin", who="ann", headers=told)
            self.assertEqual(reply.status, 200, told)

    def test_bearer_tokens_need_neither(self) -> None:
        """A bearer token outranks a cookie and needs no CSRF token and no Origin."""
        told = {"Origin": "http://evil.example", "Cookie": "iotd_session=vic"}
        reply = self.house.ask("POST", "/api/v1/admin", who="bot", headers=told)
        self.assertEqual(reply.json["who"], "bot")

    def test_public_writes(self) -> None:
        """Login needs no CSRF token, even with an old cookie, but JSON of our own page."""
        login = "/api/v1/session"
        self.assertEqual(self.house.ask("POST", login, json_body=KETTLE).status, 200)
        old = self.house.ask("POST", login, json_body=KETTLE, who="ann", csrf=False)
        self.assertEqual(old.status, 200)
        told = {"Content-Type": "text/plain"}
        self.assertEqual(self.house.ask("POST", login, body=b"{}", headers=told).status, 415)

    def test_streams_by_other_sites(self) -> None:
        """A stream or event source asked for by a page of another site is refused."""
        for path in ("/cameras/c/stream", "/api/v1/events"):
            for origin in ("http://evil.example", "null"):
                reply = self.house.ask("GET", path, who="ann", headers={"Origin": origin})
                self.assertEqual(reply.status, 403)

    def test_loopback(self) -> None:
        """Figures are for this machine, sessions and tokens, not for a proxy's clients."""
        for told in ({"X-Forwarded-For": "10.0.0.1"}, {"Via": "1.1 x"}, {"Host": "evil.example"}):
            reply = self.house.ask("GET", "/metrics", address="127.0.0.1", headers=told)
            self.assertEqual(reply.status, 401, told)
        self.assertEqual(self.house.ask("GET", "/metrics").status, 401)

    def test_safe_next(self) -> None:
        """Only a path of this site is a place to go on to."""
        for target in ("//evil.example", "/\\evil", "https://evil.example", "", "javascript:1",
                       "/a\nb", "/" + "a" * 3000):
            self.assertEqual(safe_next(target), "/")
        self.assertEqual(safe_next("/cameras/x?y=1"), "/cameras/x?y=1")
