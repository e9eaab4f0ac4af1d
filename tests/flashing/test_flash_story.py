"""The whole story: an empty board, ``iotd flash``, and a camera that the daemon has online."""

from __future__ import annotations

import json
import time
from pathlib import Path

from playwright.sync_api import expect
from twisted.trial.unittest import SynchronousTestCase

from tests.field_camera import scenes
from tests.firmware.terminal import SerialBoard
from tests.firmware.vm import Board
from tests.pages.house import chromium, sign_in
from tests.running_daemon import RunningDaemon, until

NETWORK, PASSWORD = "home of secrets", "correct horse battery"


class StoryTests(SynchronousTestCase):
    """One daemon, one board on a cable; its network is there once it has restarted."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.daemon = RunningDaemon(self.folder / "daemon")
        self.addCleanup(self.daemon.stop)
        self.daemon.start()
        self.flash = self.folder / "flash"
        self.networked: Board | None = None

    def put_on_wifi(self, cable: SerialBoard) -> None:
        """After its reset the board runs where there is a network; the cable shows its words."""
        board = Board(0, None, layout="slots", flash=self.flash, frames=scenes(2), speed=5.0)
        self.addCleanup(board.stop)
        self.networked = board.start()
        told = 0
        while board.running:
            for line in board.output[told:]:
                cable.say(line)
                told += 1
            time.sleep(0.05)

    def cable(self) -> SerialBoard:
        board = SerialBoard(self.flash, on_reset=self.put_on_wifi)
        self.addCleanup(board.stop)
        return board.start()

    def words(self, port: str, id: str, *more: str) -> list[str]:
        """A whole command line, with a Wi-Fi and settings in files."""
        wifi, told = self.folder / "wifi.txt", self.folder / "more.json"
        wifi.write_text(f"{NETWORK}\n{PASSWORD}\n")
        told.write_text(json.dumps({"camera": {"sensor": "pattern"}, "retry_seconds": 5,
                                    "server": {"port": self.daemon.ports["cameras"]}}))
        return ["flash", "--port", port, "--kind", "camera", "--id", id, "--preset",
                "esp32s3-arducam", "--settings", str(told), "--wifi", str(wifi), "--server",
                "127.0.0.1", *more]

    def say(self, *words: str, stdin: str = "") -> str:
        """What a command says that ends well, in which no secret is."""
        done = self.daemon.command(*words, stdin=stdin)
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, 0, said)
        key = json.loads((self.flash / "settings.json").read_text())["key"]
        for secret in (NETWORK, PASSWORD, key, stdin or PASSWORD):
            self.assertNotIn(secret, said + self.daemon.log())
        return done.stdout

    def state_of(self, id: str) -> str:
        """As the page has it."""
        [found] = [each for each in self.daemon.call("GET", "/api/v1/devices")["items"]
                   if each["id"] == id]
        return str(found["state"])

    def is_on_the_page(self, id: str) -> None:
        """An operator's browser shows it online."""
        self.daemon.iotd("user", "add", "olga", "--role", "operator", "--password-stdin",
                         stdin=PASSWORD)
        context = chromium().new_context(base_url=f"http://127.0.0.1:{self.daemon.ports['web']}")
        self.addCleanup(context.close)
        page = context.new_page()
        sign_in(page, "olga", PASSWORD)
        page.goto("/devices")
        expect(page.locator("tr.board", has_text=id)).to_contain_text("online")

    def unplug(self) -> None:
        """The board goes from its network back to the cable."""
        assert self.networked is not None
        self.networked.stop()

    def test_out_of_the_box(self) -> None:
        """An empty board is online after one command and has a release's number; a second one
        changes nothing; told by another machine it is another device with the same firmware."""
        said = self.say(*self.words(self.cable().port, "cam-box"))
        self.assertIn("board: link: up", said)
        self.assertIn("The daemon says: online.", said.splitlines()[-1])
        self.assertEqual(self.state_of("cam-box"), "online")
        self.is_on_the_page("cam-box")
        self.assertEqual(json.loads((self.flash / "a/version.json").read_text())["build"], 1)

        self.unplug()
        port = self.cable().port
        told = json.loads(self.say("flash", "--port", port, "--json", "--server", "127.0.0.1",
                                   "--settings", str(self.folder / "more.json")))
        self.assertEqual((told["state"], told["key"], told["id"]), ("unchanged", "kept", "cam-box"))

        until(lambda: self.networked is not None and self.networked.running, "it is on again")
        self.unplug()
        address = f"http://127.0.0.1:{self.daemon.ports['web']}"
        words = self.words(self.cable().port, "cam-far", "--daemon", address, "--token-stdin")
        self.assertIn("online", self.say(*words, stdin=self.daemon.token()))
        self.assertEqual(self.state_of("cam-far"), "online")
        slot = (self.flash / "slot").read_text()
        found = json.loads((self.flash / slot / "version.json").read_text())
        self.assertEqual(found["build"], 1)
