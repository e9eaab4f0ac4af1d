"""The documentation says what the program does: nothing left out, nothing that is not there."""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path
from typing import Iterator

import click
from click.testing import CliRunner
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase, TestCase

from iotd import exit_codes
from iotd.accounts.rights import EVENTS, ROLES
from iotd.cameras.figures import CameraCollector
from iotd.cli.main import cli
from iotd.config import KINDS, variable_of
from iotd.devices.model import KINDS as DEVICE_KINDS
from iotd.wire.commands import FRAME_SIZES, RANGES
from tests.apps import App
from tests.vectors import make_camera, make_device, make_gate

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("firmware/*.md")])
CODE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.S | re.M)


def text_of(name: str) -> str:
    """One page."""
    return (ROOT / name).read_text()


def commands(
    command: click.Command = cli, words: tuple[str, ...] = ("iotd",)
) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, with its words."""
    if not isinstance(command, click.Group):
        yield " ".join(words), command
        return
    for name, inner in command.commands.items():
        yield from commands(inner, (*words, name))


def shell_lines(text: str) -> Iterator[str]:
    """The lines of all blocks marked sh, joined where a backslash says so."""
    for language, code in CODE.findall(text):
        if language == "sh":
            yield from (line.strip() for line in code.replace("\\\n", "").splitlines())


def anchors(text: str) -> set[str]:
    """What a page's headings are called in links."""
    headings = re.findall(r"^#+ (.*)$", CODE.sub("", text), re.M)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


class CommandTests(SynchronousTestCase):
    """The command line."""

    def test_all_are_told(self) -> None:
        """Every command and each of its options is in docs/operations.md."""
        text = text_of("docs/operations.md")
        for words, command in commands():
            self.assertIn(words, text)
            options = [name for each in command.params for name in each.opts]
            for option in (name for name in options if name.startswith("--")):
                self.assertIn(option, text, words)

    def test_shell_lines_are_understood(self) -> None:
        """What begins with iotd in a block marked sh are commands and options that exist."""
        seen = 0
        for page in PAGES:
            for line in shell_lines(page.read_text()):
                words = shlex.split(re.split(r"[|>;&]", line)[0], comments=True)
                if words and words[0].rpartition("/")[2] == "iotd":
                    done = CliRunner().invoke(cli, [*words[1:], "--help"])
                    self.assertEqual(done.exit_code, 0, f"{page.name}: {line}")
                    seen += 1
        self.assertGreater(seen, 5)

    def test_words_in_sentences(self) -> None:
        """So are those in running text."""
        known = {words for words, _ in commands()}
        for page in PAGES:
            for told in re.findall(r"`iotd ([a-z]+(?: [a-z]+)?)", CODE.sub("", page.read_text())):
                fits = any(f"iotd {told} ".startswith(f"{each} ") for each in known)
                self.assertTrue(fits, f"{page.name}: iotd {told}")

    def test_exit_codes(self) -> None:
        """Every exit code has a row."""
        codes = {value for name, value in vars(exit_codes).items() if name.isupper()
                 and isinstance(value, int)}
        told = re.findall(r"^\| (\d+) \|", text_of("docs/operations.md"), re.M)
        self.assertLessEqual(codes | {0}, {int(each) for each in told})


class ConfigurationTests(SynchronousTestCase):
    """Keys and variables."""

    def test_keys(self) -> None:
        """Every key has a row in docs/operations.md."""
        for key in KINDS:
            self.assertIn(f"| `{key}` |", text_of("docs/operations.md"))

    def test_named_ones_exist(self) -> None:
        """Every key and variable that a page names is one."""
        sections = "|".join({key.partition(".")[0] for key in KINDS if "." in key})
        variables = {*map(variable_of, KINDS), "IOTD_SECTION__KEY"}
        for page in PAGES:
            text = page.read_text()
            for key in re.findall(rf"`((?:{sections})\.[a-z_]+)", text):
                if page.parent.name != "firmware" and not key.endswith(".lock"):
                    self.assertIn(key, KINDS, f"{page.name}: {key}")
            self.assertLessEqual(set(re.findall(r"IOTD_[A-Z_]*[A-Z]", text)), variables, page.name)


class HttpTests(TestCase):
    """Routes, events and figures."""

    async def setUp(self) -> None:  # type: ignore[override]
        self.app = App(Path(self.mktemp()))
        self.addCleanup(lambda: Deferred.fromCoroutine(self.app.close()))

    def test_routes(self) -> None:
        """Each method of each path of the API's description is in docs/http.md, and no other."""
        text = text_of("docs/http.md")
        found = re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/[^` ?]*)", text)
        paths = self.app.site.openapi["paths"]
        known = {(verb.upper(), path) for path, verbs in paths.items() for verb in verbs}
        self.assertEqual(set(found), known)

    def test_events_roles_and_kinds(self) -> None:
        """So are the events, the roles and the kinds of device."""
        for name in (*EVENTS, *ROLES, *DEVICE_KINDS, "resync"):
            self.assertIn(f"`{name}`", text_of("docs/http.md"))

    def test_figures(self) -> None:
        """Every figure is in docs/operations.md."""
        sources = "".join(path.read_text() for path in ROOT.glob("iotd/**/*.py"))
        names = set(re.findall(r'"(iotd_[a-z_]+)", *\n? *"', sources))
        names |= {family.name for family in CameraCollector(lambda: ()).collect()}
        self.assertGreater(len(names), 10)
        for name in names:
            self.assertIn(f"`{name}", text_of("docs/operations.md"))


class ProtocolTests(SynchronousTestCase):
    """All wires."""

    def test_device_vectors(self) -> None:
        """docs/protocol.md names every recorded session of the device wire, and no other."""
        text = text_of("docs/protocol.md").partition("# The device wire")[2]
        text = text.partition("# MQTT")[0]
        told = set(re.findall(r"\*([a-z]+-[a-z0-9-]+)\*", text))
        self.assertEqual(told, {session.name for session in make_device.all_sessions()})

    def test_vectors(self) -> None:
        """It names every one of the camera wire, too."""
        text = text_of("docs/protocol.md").partition("# MQTT")[0]
        told = set(re.findall(r"\*((?:field|keyed|hostile)[a-z0-9-]*)\*", text))
        sessions = re.findall(r'^\{"name": "([^"]+)"', make_camera.PATH.read_text(), re.M)
        self.assertEqual(told, set(sessions))

    def test_gate_vectors(self) -> None:
        """And every message of gates."""
        text = text_of("docs/protocol.md").partition("# MQTT")[2]
        told = set(re.findall(r"\*([a-z]+-[a-z0-9-]+)\*", text))
        cases = [case["name"] for listed in make_gate.all_cases().values() for case in listed]
        self.assertEqual(len(set(cases)), len(cases))
        self.assertEqual(told, set(cases))

    def test_settings(self) -> None:
        """Every key of SET and every size has its row or word."""
        text = text_of("docs/protocol.md")
        for key, (lowest, highest) in RANGES.items():
            self.assertRegex(text, rf"\| `{key}` \| {lowest} (to|or) {highest}\b")
        for name, (width, height) in FRAME_SIZES.items():
            self.assertIn(f"`{name}` {width}×{height}", text)


class PageTests(SynchronousTestCase):
    """Links, targets and tests that pages name."""

    def test_links(self) -> None:
        """Every link inside leads to a file, and to a heading of it."""
        for page in PAGES:
            for link in re.findall(r"\]\(([^)\s]+)\)", CODE.sub("", page.read_text())):
                if re.match(r"[a-z]+:", link):
                    continue
                name, _, anchor = link.partition("#")
                target = (page.parent / name).resolve() if name else page
                self.assertTrue(target.exists(), f"{page.name}: {link}")
                if anchor:
                    self.assertIn(anchor, anchors(target.read_text()), f"{page.name}: {link}")

    def test_make_targets(self) -> None:
        """Every target named is one, and README.md names those that there are for all."""
        targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.M))
        for page in PAGES:
            told = re.findall(r"(?:`|^)make ([a-z]+)", page.read_text(), re.M)
            self.assertLessEqual(set(told), targets, page.name)
        named = set(re.findall(r"(?:`|^)make ([a-z]+)", text_of("README.md"), re.M))
        self.assertLessEqual({"install", "run", "demo", "test", "soak", "bench", "lint"}, named)

    def test_tests_exist(self) -> None:
        """Every test that SECURITY.md leans on is there."""
        named = re.findall(r"`(tests(?:\.\w+)+)`", text_of("SECURITY.md"))
        self.assertGreater(len(named), 10)
        for name in named:
            module, *inside = re.split(r"\.(?=[A-Z])", name)
            found = importlib.import_module(module)
            for part in ".".join(inside).split(".") if inside else ():
                found = getattr(found, part)

    def test_pictures(self) -> None:
        """Pictures stay small."""
        for picture in ROOT.glob("docs/images/*"):
            self.assertLess(picture.stat().st_size, 200_000, picture.name)
