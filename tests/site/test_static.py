"""Static files: cached by content, and nothing from outside the folder."""

from __future__ import annotations

import gzip
from pathlib import Path

from tests.site.house import House, HouseTestCase, Reply

SECRET = b"kept from the world"


class StaticTests(HouseTestCase):
    """A folder with links out of it, beside a file that nobody may have."""

    def setUp(self) -> None:
        folder = Path(self.mktemp()).resolve()
        static = folder / "static"
        (static / "dist").mkdir(parents=True)
        (folder / "secret.txt").write_bytes(SECRET)
        (static / "app.js").write_bytes(b"let a = 1;\n" * 500)
        (static / "small.css").write_bytes(b"a{}")
        (static / "dist" / "chunk-E43CQFYH.js").write_bytes(b"1")
        (static / ".hidden").write_bytes(SECRET)
        (static / "odd.xyz").write_bytes(b"<script>")
        (static / "out.txt").symlink_to(folder / "secret.txt")
        (static / "up").symlink_to(folder)
        (static / "in.js").symlink_to(static / "app.js")
        self.house = House(folder)

    def get(self, path: str, **headers: str) -> Reply:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.house.ask("GET", path, headers=told)

    def test_types(self) -> None:
        """Types are ours to say, and what is unknown is bytes."""
        for name, kind in (("app.js", "text/javascript; charset=utf-8"),
                           ("small.css", "text/css; charset=utf-8"),
                           ("odd.xyz", "application/octet-stream")):
            reply = self.get(f"/static/{name}")
            self.assertEqual((reply.status, reply.header("content-type")), (200, kind))

    def test_packed(self) -> None:
        """Who takes gzip gets it where it pays."""
        packed = self.get("/static/app.js", Accept_Encoding="br, gzip")
        self.assertEqual(gzip.decompress(packed.body), b"let a = 1;\n" * 500)
        self.assertEqual(packed.header("vary"), "Accept-Encoding")
        self.assertIsNone(self.get("/static/app.js").header("content-encoding"))
        small = self.get("/static/small.css", Accept_Encoding="gzip")
        self.assertIsNone(small.header("content-encoding"))

    def test_kept_by_content(self) -> None:
        """An address with the content's hash never changes; others are asked about."""
        address = self.house.site._answers._templates._environment.globals["asset"]("app.js")
        for path, kept in ((address, True), ("/static/dist/chunk-E43CQFYH.js", True),
                           ("/static/app.js", False), ("/static/app.js?v=old", False)):
            said = self.get(path).header("cache-control")
            self.assertEqual("immutable" in (said or ""), kept, path)
            self.assertEqual(said == "no-cache", not kept)

    def test_unchanged(self) -> None:
        """Who has it already is told so, without a body."""
        tag = self.get("/static/app.js").header("etag") or ""
        for known in (tag, f'W/{tag}, "x"', "*"):
            reply = self.get("/static/app.js", If_None_Match=known)
            self.assertEqual((reply.status, reply.body), (304, b""))
        self.assertEqual(self.get("/static/app.js", If_None_Match='"x"').status, 200)

    def test_nothing_from_outside(self) -> None:
        """No spelling of a path leads out of the folder, and no link does."""
        ups = ("..", "%2e%2e", "%2E.", ".%2e", "..%00", "..%c0%af", "%252e%252e", "....", "..;",
               "..%5c", "..%2f", "%2e%2e%2f", "..%255c", "%c0%ae%c0%ae", "%uff0e%uff0e")
        paths = [f"/static/{up}/{rest}" for up in ups
                 for rest in ("secret.txt", "../secret.txt", "static/../secret.txt")]
        paths += ["/static/out.txt", "/static/up/secret.txt", "/static/.hidden", "/static/up",
                  "/static//secret.txt", "/static/dist", "/static/dist/", "/static/",
                  f"/static/{self.house.folder}/secret.txt", "/static/~/secret.txt"]
        for path in paths:
            reply = self.get(path)
            self.assertIn(reply.status, (400, 404), path)
            self.assertNotIn(SECRET, reply.body)

    def test_links_inside(self) -> None:
        """A link to a file of the folder is that file."""
        self.assertEqual(self.get("/static/in.js").status, 200)

    def test_read_once(self) -> None:
        """What is served was read at start."""
        (self.house.folder / "static" / "small.css").unlink()
        self.assertEqual(self.get("/static/small.css").status, 200)
