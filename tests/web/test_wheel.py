"""What pip installs: every page and asset, the plugin, and nothing of the workshop."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.web.source import ROOT, TEMPLATES, WEB

# what a clone has not, and what is of no matter here
_LEFT_OUT = (
    ".git", ".venv", "node_modules", "var", "build", "*.egg-info", "_trial_temp*", "tests",
    "bench", "__pycache__", ".mypy_cache", ".hypothesis", "dropin.cache",
)
_BUILD = "import sys; sys.path.insert(0, 'deploy'); import build_backend as b; b.{}(sys.argv[1])"
_WHERE = "import twisted.plugins.iotd_plugin as plugin; print(plugin.__file__)"


class InstallTests(SynchronousTestCase):
    """Builds are made from a copy of the checkout, by the backend that pip calls."""

    def setUp(self) -> None:
        self.copy = Path(self.mktemp()).resolve()
        shutil.copytree(ROOT, self.copy, ignore=shutil.ignore_patterns(*_LEFT_OUT), symlinks=True)
        self.out = Path(self.mktemp()).resolve()
        self.out.mkdir()

    def _build(self, kind: str) -> Path:
        command = [sys.executable, "-c", _BUILD.format(kind), str(self.out)]
        done = subprocess.run(command, cwd=self.copy, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return next(path for path in self.out.iterdir() if path.is_file())

    def _twistd_lists_it(self, folder: Path) -> None:
        # not from this virtual environment, which may have an iotd of its own
        plugin = self._python(folder, "-c", _WHERE)
        self.assertEqual(plugin.strip(), str(folder / "twisted" / "plugins" / "iotd_plugin.py"))
        twistd = str(Path(sys.executable).with_name("twistd"))
        self.assertRegex(self._python(folder, twistd, "--help"), r"(?m)^    iotd ")

    def _python(self, folder: Path, *arguments: str) -> str:
        environment = {**os.environ, "PYTHONPATH": str(folder)}
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, cwd=self.out, env=environment, capture_output=True, text=True
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_wheel(self) -> None:
        """A wheel holds all templates, assets and fonts, and twistd finds its plugin."""
        with zipfile.ZipFile(self._build("build_wheel")) as wheel:
            names = set(wheel.namelist())
            wheel.extractall(self.out / "site")
        for path in TEMPLATES:
            self.assertIn(f"iotd/web/{path.relative_to(WEB).as_posix()}", names)
        for path in (*(WEB / "static").rglob("[!.]*.*"), *(WEB / "fonts").iterdir()):
            self.assertIn(f"iotd/web/{path.relative_to(WEB).as_posix()}", names)
        self.assertIn("twisted/plugins/iotd_plugin.py", names)
        stray = [n for n in names if "node_modules" in n or n.startswith(("iotd/web/src", "tests"))]
        self.assertEqual(stray, [])
        self._twistd_lists_it(self.out / "site")

    def test_every_module(self) -> None:
        """No module of the checkout is left out of the wheel."""
        with zipfile.ZipFile(self._build("build_wheel")) as wheel:
            names = set(wheel.namelist())
        modules = (path.relative_to(self.copy) for path in (self.copy / "iotd").rglob("*.py"))
        self.assertEqual([str(one) for one in modules if one.as_posix() not in names], [])

    def test_editable(self) -> None:
        """An editable install puts the checkout itself on the path, where twistd looks."""
        with zipfile.ZipFile(self._build("build_editable")) as wheel:
            paths = [wheel.read(name) for name in wheel.namelist() if name.endswith(".pth")]
        self.assertEqual([path.decode().strip() for path in paths], [str(self.copy)])
        self._twistd_lists_it(self.copy)

    def test_sdist(self) -> None:
        """An sdist has the bundles with their stamp: building from it needs no Node."""
        with tarfile.open(self._build("build_sdist")) as archive:
            names = {name.partition("/")[2] for name in archive.getnames()}
        for name in ("web/static/dist/.built-from", "web/static/dist/app.css", "web/build.js",
                     "web/fonts/sc.ttf", "web/src/lib/api.js", "deploy/build_backend.py",
                     "Makefile", "setup.cfg"):
            self.assertIn(name, names)
        self.assertEqual([name for name in names if "node_modules" in name], [])
