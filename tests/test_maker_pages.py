"""What makers are told to do, and what boards and pages are said to say, is so."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path
from typing import Iterator

from click.testing import CliRunner
from twisted.trial.unittest import SynchronousTestCase

from iotd.cli.main import cli
from iotd.devices.refusals import NEXT_STEPS
from iotd.fleet.model import CONNECTIONS, WINDOW, reset_words

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("first-ten-minutes", "no-show", "wiring")
HOLE = re.compile(r"\{[^{}]*\}")
#: Lines of a console begin so.
ROOMS = ("settings.json: ", "wifi: ", "link: ", "clock: ", "update: ", "there is ", "again in ")


def page(name: str) -> str:
    """The text of one."""
    return (ROOT / "docs" / f"{name}.md").read_text()


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the table with these words in its head."""
    table = text.partition(f"\n| {heading} |")[2].partition("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")]
            for line in table.splitlines()[2:]]


def quoted(text: str) -> list[str]:
    """What stands in it as code."""
    return re.findall(r"`([^`]+)`", text)


def templates() -> Iterator[re.Pattern[str]]:
    """Whatever the firmware can say, by its own words; ``{}`` stands for anything."""
    for path in ROOT.glob("firmware/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                own = HOLE.sub("", re.sub(r"^[a-z.]+: ", "", node.value))  # what is not a name
                if len(own) > 4 or (own and not HOLE.search(node.value)):
                    yield re.compile(".*".join(map(re.escape, HOLE.split(node.value))), re.S)


TEMPLATES = list(templates())


def is_said(line: str) -> bool:
    """Whether firmware says that, or a part of it after the name of who says it."""
    parts = [line, line.partition(": ")[2], *line.split(": ", 2)[1:]]
    return any(each.fullmatch(part) for part in parts if part for each in TEMPLATES)


class ConsoleTests(SynchronousTestCase):
    """What a board says."""

    def test_lines(self) -> None:
        """Every line that the page names is one that the firmware prints, and MicroPython's
        errors stand in the lines in which they come."""
        lines = [line for cells in rows(page("no-show"), "it says") for line in quoted(cells[0])]
        self.assertGreater(len(lines), 18)
        for line in lines:
            self.assertTrue(line.startswith(ROOMS), line)
            if "OSError(" in line:
                self.assertRegex(line, r"^link: OSError\((\d+, 'E[A-Z]+'|-\d+)\)$")
            else:
                self.assertTrue(is_said(line), line)
        self.assertFalse(is_said("link: the daemon likes our key"))

    def test_each_has_a_next_step(self) -> None:
        """No row of a table leaves its reader without one."""
        for heading in ("it says", "reason", "light"):
            for cells in rows(page("no-show"), heading):
                self.assertTrue(all(cells), cells)

    def test_lights(self) -> None:
        """The light means what the firmware's page says of it."""
        known = [cells[:2] for cells in rows((ROOT / "firmware/README.md").read_text(), "light")]
        self.assertEqual(len(known), 3)
        for name in ("first-ten-minutes", "no-show"):
            self.assertEqual([cells[:2] for cells in rows(page(name), "light")], known, name)


class RefusalTests(SynchronousTestCase):
    """What the page of devices says."""

    def test_next_steps(self) -> None:
        """Each of its next steps is told, in its very words, and no other."""
        told = [cells[1] for cells in rows(page("no-show"), "reason")]
        self.assertEqual(sorted(told), sorted(NEXT_STEPS.values()))

    def test_reasons(self) -> None:
        """Each reason that is quoted is one that is given."""
        sources = "".join(path.read_text() for path in ROOT.glob("iotd/devices/*.py"))
        for cells in rows(page("no-show"), "reason"):
            for reason in quoted(cells[0]):
                self.assertTrue(reason == "keyed" or f'"{reason}"' in sources, reason)

    def test_alarms_and_restarts(self) -> None:
        """So are the limit of flapping, and the reasons of restarts."""
        self.assertEqual((CONNECTIONS, WINDOW), (5, 600))
        text = " ".join(page("no-show").split())
        for word in ("power", "watchdog", "crash"):
            self.assertIn(f"“{reset_words(word)}”", text)


class PageTests(SynchronousTestCase):
    """What is to be pressed."""

    def test_buttons(self) -> None:
        """What the pages name in bold as a page, heading or button is on the pages."""
        sources = "".join(path.read_text() for kind in ("src/**/*.js", "templates/*.html")
                          for path in (ROOT / "web").glob(kind))
        named = set()
        for name in PAGES:
            named |= set(re.findall(
                r"(?:Open|press|there|Under|under|;) \*\*([A-Z][^*]+)\*\*", page(name)))
        self.assertLessEqual({"Devices", "Cameras", "Start", "Approve", "Add a board"}, named)
        for words in named | {"Waiting for you", "Turned away lately"}:
            shown = r"[>}\"'`]\s*" + re.escape(words) + r"\s*[<\"'`$]"
            self.assertRegex(sources, shown, words)

    def test_commands(self) -> None:
        """Every command in running text exists, with its options."""
        seen = 0
        for name in PAGES:
            for code in quoted(re.sub(r"```.*?```", "", page(name), flags=re.S)):
                words = shlex.split(code)
                if words[0].endswith("iotd") and len(words) > 1 and "…" not in code:
                    done = CliRunner().invoke(cli, [*words[1:], "--help"])
                    self.assertEqual(done.exit_code, 0, f"{name}: {code}")
                    seen += 1
        self.assertGreater(seen, 5)

    def test_files(self) -> None:
        """Every file of the checkout that is named is there."""
        for name in PAGES:
            for path in re.findall(r"`(?:python )?((?:firmware|deploy|docs)/[\w./]+)`", page(name)):
                self.assertTrue((ROOT / path).exists(), path)
