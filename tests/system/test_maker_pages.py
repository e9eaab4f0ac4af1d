"""The pages for makers, followed word by word on the real daemon, with a virtual board."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from typing import Iterator

from tests.running_daemon import until
from tests.system.house import SystemTest
from tests.test_docs import ROOT, shell_lines


def lines(page: str) -> Iterator[str]:
    """What the page tells to type."""
    return shell_lines((ROOT / "docs" / f"{page}.md").read_text())


class FollowTests(SystemTest):
    """As somebody would who has only the page."""

    def line(self, page: str, begin: str) -> list[str]:
        """The words of the one line that begins so, with this daemon's port and token."""
        found, = (line for line in lines(page) if line.startswith(begin))
        port = str(self.daemon.ports["web"])
        return shlex.split(found.replace("localhost:8080", f"127.0.0.1:{port}").replace(
            "$TOKEN", self.daemon.token("operator")))

    def run_line(self, words: list[str]) -> str:
        """What it prints; a command of ``iotd`` goes to this daemon."""
        if words[0] == "iotd":
            return self.daemon.iotd(*words[1:])
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout

    def test_without_a_board(self) -> None:
        """The virtual camera waits under the name that the page gives it, is let in by the
        command of the other page, started by the page's own, and shows a picture."""
        simulate = self.line("first-ten-minutes", "iotd simulate")
        board = subprocess.Popen(
            [sys.executable, "-m", "iotd.cli.main", *simulate[1:], "--config",
             str(self.daemon.folder / "iotd.toml"), "--port", str(self.daemon.ports["cameras"])],
            cwd=ROOT, stdout=subprocess.DEVNULL,
        )
        self.addCleanup(board.wait, 20)
        self.addCleanup(board.terminate)
        id = re.search(r"waits under \*\*Devices\*\* as `([a-z0-9-]+)`",
                       (ROOT / "docs/first-ten-minutes.md").read_text())
        assert id is not None
        until(lambda: self.state(id[1]) == "pending", "it waits")
        self.assertIn(id[1], self.run_line(self.line("no-show", "iotd device list")))
        approve = self.line("no-show", "iotd device approve")
        self.run_line([*approve[:3], id[1], *approve[4:]])
        until(lambda: self.state(id[1]) == "online", "it is let in")
        start = self.line("first-ten-minutes", "curl")
        self.run_line(["curl", "-fsS", *(each.replace("cam-door", id[1]) for each in start[1:])])
        picture = until(lambda: self.daemon.stream(id[1], 1), "its picture")
        self.assertEqual(picture[0][:2], b"\xff\xd8")
        ready = self.line("no-show", "curl")
        self.assertIn("ok", self.run_line(["curl", "-fsS", *ready[1:]]).lower())
