"""``iotd flash``: options, questions and answers; boards themselves are in tests/flashing."""

from __future__ import annotations

import json
import os
from pathlib import Path

from iotd.flashing.wishes import Choice
from iotd.cli.flash_daemon import Elsewhere, Here
from iotd.cli.flash_people import Terminal
from iotd.cli.place import Place
from iotd.errors import Invalid
from tests.cli.command import CommandCase
from tests.firmware.terminal import SerialBoard
from tests.flashing.https_place import HttpsPlace


class FlashTests(CommandCase):
    """The command."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()

    def file(self, text: str) -> str:
        path = self.folder / f"file-{len(list(self.folder.iterdir()))}"
        path.write_text(text)
        return str(path)

    def test_no_board(self) -> None:
        """A port that is not there ends with 75 and a sentence, as JSON too."""
        said = self.iotd("flash", "--port", "/dev/ttyUSB77")
        self.assertEqual((said.code, said.out[:7]), (75, "Looking"))
        self.assertIn("There is no /dev/ttyUSB77", said.err)
        said = self.iotd("flash", "--port", "/dev/ttyUSB77", "--json")
        self.assertEqual((said.code, said.out), (75, ""))
        self.assertEqual(json.loads(said.err)["error"]["field"], "port")

    def test_files(self) -> None:
        """Files that are missing or wrong are told of, without what is in them."""
        for words, code in (
            (("--settings", "/nowhere"), 1), (("--settings", self.file("{,")), 2),
            (("--settings", self.file("[1]")), 2), (("--wifi", "/nowhere"), 1),
            (("--wifi", self.file("\nsecret words\n")), 2),
            (("--wifi", self.file('{"password": "secret words"}')), 2),
            (("--daemon", "https://x"), 2), (("--token-stdin",), 2), (("--kind", "toaster"), 2),
        ):
            said = self.iotd("flash", "--port", "/dev/ttyUSB77", *words)
            self.assertEqual(said.code, code, (words, said.err))
            self.assertNotIn("secret words", said.err + said.out)

    def test_daemons_elsewhere(self) -> None:
        """A key comes over https, or from this very machine."""
        for url in ("http://iotd.example", "ftp://x", "iotd.example"):
            self.assertRaises(Invalid, Elsewhere, url, "token")
        self.assertRaises(Invalid, Elsewhere, "https://iotd.example", "")
        self.assertEqual(Elsewhere("https://iotd.example:8443/", "t").host(None), "iotd.example")
        self.assertEqual(Elsewhere("http://127.0.0.1:8080", "t").host(None), "")

    def test_leads_elsewhere(self) -> None:
        """A token goes to the daemon that was named, and not where that one sends us."""
        with HttpsPlace(self.folder, b"{}") as other, \
                HttpsPlace(self.folder, b"", leads_to=other.url) as named:
            # of the one that was made last
            os.environ["SSL_CERT_FILE"] = str(self.folder / "localhost.pem")
            self.addCleanup(os.environ.pop, "SSL_CERT_FILE")
            daemon = Elsewhere(named.url.removesuffix("/image.bin"), "token")
            fault = self.assertRaises(Invalid, daemon.device, "cam-1")
            self.assertIn("another address", str(fault))
            self.assertEqual((len(named.asked), other.asked), (1, []))

    def test_encrypted_first(self) -> None:
        """A board is told the encrypted port where there is one, unless it is to be plain."""
        path = Path(self.file('[cameras]\nlisten = ["tcp:9001", "ssl:9443"]\n'))
        here = Here(Place(path, None, False))
        self.assertEqual(here.wire("camera", None), (9443, True))
        self.assertEqual(here.wire("camera", False), (9001, False))
        self.assertEqual(here.wire("watch", None), (5001, False))

    def test_dry_run(self) -> None:
        """Without a terminal what has no default is asked for by its option; with all of it said
        a dry run tells every file in JSON, and nothing beside."""
        board = SerialBoard(self.folder / "flash").start()
        self.addCleanup(board.stop)
        said = self.iotd("flash", "--port", board.port)
        self.assertEqual(said.code, 2)
        self.assertIn("--kind (camera, watch", said.err)
        said = self.iotd("flash", "--port", board.port, "--kind", "watch")
        self.assertEqual(said.code, 2)
        self.assertIn("--wifi", said.err)
        wifi = self.file("home of secrets\ncorrect horse\n")
        said = self.iotd("flash", "--port", board.port, "--kind", "watch", "--wifi", wifi,
                         "--server", "192.0.2.9", "--dry-run", "--json")
        self.assertEqual((said.code, said.err), (0, ""))
        told = json.loads(said.out)
        self.assertEqual((told["state"], told["id"]), ("planned", "watch-1d2e3f"))
        self.assertIn("/a/watch_app.mpy", told["written"])
        self.assertNotIn("secret", said.out)
        self.assertFalse(self.data_dir.exists())


class TerminalTests(CommandCase):
    """Who is asked."""

    def test_without_a_terminal(self) -> None:
        """Usual answers are taken, others are errors; --yes agrees."""
        scripted = Terminal(quiet=True, yes=False)
        two = [Choice("a", "A"), Choice("b", "B")]
        self.assertEqual(scripted.choose("Which?", "--preset", two, usual=True), "a")
        self.assertEqual(scripted.text("Id", "--id", "cam-1"), "cam-1")
        for ask in (lambda: scripted.choose("Which?", "--kind", two),
                    lambda: scripted.text("Wi-Fi", "--wifi", None),
                    lambda: scripted.secret("Password", "--wifi"),
                    lambda: scripted.agree("Erase?", "--yes")):
            self.assertRaises(Exception, ask)
        Terminal(quiet=True, yes=True).agree("Erase?", "--yes")
