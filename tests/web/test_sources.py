"""What must hold for every template, style sheet and script."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.web.source import TEMPLATES, WEB, backend

DIST = WEB / "static" / "dist"
LIBRARY = 190 * 1024  # bytes of the chart library, packed; only the charts page asks for it
HEAVIEST = 60 * 1024  # bytes of scripts and style over the line, for any page


class LockTests(SynchronousTestCase):
    """The lock file works at everybody's registry."""

    def test_no_addresses(self) -> None:
        """It names versions and checksums, not the registry of one machine."""
        lock = json.loads((WEB / "package-lock.json").read_text())
        packages = [entry for name, entry in lock["packages"].items() if name]
        self.assertTrue(packages)
        self.assertEqual([entry for entry in packages if "resolved" in entry], [])
        self.assertEqual([entry for entry in packages if "integrity" not in entry], [])

    def test_exact(self) -> None:
        """Versions in package.json are exact."""
        wanted = json.loads((WEB / "package.json").read_text())
        for version in [*wanted["dependencies"].values(), *wanted["devDependencies"].values()]:
            self.assertRegex(version, r"^\d+\.\d+\.\d+$")


class PolicyTests(SynchronousTestCase):
    """Pages live under a Content-Security-Policy without exceptions."""

    def test_templates(self) -> None:
        """No inline script, style or event attribute, nothing from other sites."""
        for path in TEMPLATES:
            text = path.read_text()
            self.assertNotRegex(text, r"<style|\sstyle=|\son[a-z]+\s*=|javascript:", str(path))
            self.assertNotRegex(text, r"(?:src|href)=[\"'](?:https?:)?//", str(path))
            for tag in re.findall(r"<script[^>]*>", text):
                self.assertRegex(tag, r'src="|type="application/json"', str(path))

    def test_scripts(self) -> None:
        """Scripts write no HTML of their own making, and no style attributes."""
        forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|unsafeHTML|\beval\("
        for path in (WEB / "src").rglob("*.js"):
            text = path.read_text()
            self.assertNotRegex(text, forbidden, str(path))
            # a word about https:// pages is no address
            self.assertNotRegex(text, r"\sstyle=|https?://(?!\$\{location|[ .,])", str(path))

    def test_escaped(self) -> None:
        """Templates switch escaping off nowhere."""
        for path in TEMPLATES:
            self.assertNotRegex(path.read_text(), r"\|\s*safe|autoescape", str(path))


class WeightTests(SynchronousTestCase):
    """Pages stay light."""

    def setUp(self) -> None:
        self.assertTrue(backend().is_built(WEB), "run `make install` first")

    def test_pages(self) -> None:
        """Scripts and style of each page come to less than 60 KiB, packed."""
        for path in TEMPLATES:
            entry = re.search(r"asset\('(dist/[a-z-]+\.js)'\) }}{% endblock", path.read_text())
            if entry is None:
                continue
            files = {DIST / "app.css", DIST / "theme.js", *_with_imports(WEB / "static" / entry[1])}
            weight = sum(len(gzip.compress(file.read_bytes())) for file in files)
            self.assertLess(weight, HEAVIEST, str(path))

    def test_chart_library(self) -> None:
        """The library of charts is a bundle of its own, which one page loads when it is open."""
        size = {path: len(gzip.compress(path.read_bytes())) for path in DIST.glob("*.js")}
        largest = max(size, key=lambda path: size[path])
        self.assertLess(size[largest], LIBRARY)
        asking = [path.name for path in DIST.glob("*.js") if largest.name in path.read_text()]
        self.assertEqual(asking, ["charts.js"])


def _with_imports(script: Path) -> set[Path]:
    """A bundle and all that it loads."""
    found = {script}
    for name in re.findall(r'(?:from|import)\s*"\./([^"]+)"', script.read_text()):
        found |= _with_imports(script.parent / name)
    return found
