"""A board on a serial port is flashed: what is written, what is kept, what is asked."""

from __future__ import annotations

import json
import time

from iotd.errors import Invalid
from iotd.flashing.settings import BadSettings
from iotd.flashing.trouble import Refused
from tests.firmware.flash import FIRMWARE
from tests.flashing.bench import WIFI, FlashCase, contents

RUNS = r"wifi: no '"


class FlashTests(FlashCase):
    """Boards on which everything goes well."""

    def test_empty_board(self) -> None:
        """An empty board gets a slot, selector, settings and a key, each file as it should be,
        tells of every byte, and boots."""
        done = self.flash(self.board())
        self.assertEqual((done.state, done.slot, done.key), ("online", "a", "new"))
        there = contents(self.on_board)
        self.assertEqual(there["slot"], b"a")
        self.assertEqual(there["main.py"], (FIRMWARE / "main.py").read_bytes())
        self.assertEqual(json.loads(there["a/version.json"])["kind"], "camera")
        self.assertIn("a/main.mpy", there)
        self.assertEqual(self.settings["key"], self.daemon.keys["cam-box"])
        self.assertEqual(self.settings["wifi"], WIFI)
        self.assertEqual(self.settings["server"], {"host": "192.0.2.9", "port": 9001})
        self.assertEqual(self.person.progress[-1], (done.bytes, done.bytes))
        self.assertFalse([name for name in there if name.endswith(".new")])
        self.boots(RUNS)

    def test_second_run(self) -> None:
        """A second run without a word finds the running board as it should be within 3 s, asks
        nothing, keeps the key, writes nothing and starts it again."""
        self.flashed()
        before, key = contents(self.on_board), self.daemon.keys["cam-box"]
        self.person.asked.clear()
        took = []
        for _ in range(3):  # other tests may have the processors once or twice
            board = self.board()
            began = time.monotonic()
            done = self.flash(board, kind=None, id=None, preset=None, wifi=None, server=None)
            took.append(time.monotonic() - began)
            self.assertEqual((done.state, done.key, done.bytes), ("unchanged", "kept", 0))
            self.restarted(board)
        self.assertLess(min(took), 3.0)
        self.assertIn("Nothing has changed", done.message)
        self.assertEqual((contents(self.on_board), self.daemon.keys["cam-box"]), (before, key))
        self.assertEqual(self.person.asked, [])

    def test_only_what_differs(self) -> None:
        """A damaged file in the good slot sends the firmware into the other one and switches;
        of a slot that is nearly right, the one file is written."""
        self.flashed()
        good = contents(self.on_board)
        (self.on_board / "a/common/link.mpy").write_bytes(b"not what it was")
        done = self.flash(self.board())
        self.assertEqual((done.slot, (self.on_board / "slot").read_text()), ("b", "b"))
        (self.on_board / "b/common/led.mpy").write_bytes(b"nor this")
        (self.on_board / "a/stale.py").write_text("1/0")
        (self.on_board / "trial").write_text("a 2")
        done = self.flash(self.board())
        self.assertEqual(done.slot, "a")
        self.assertEqual(set(done.written), {"/a/common/link.mpy", "/a/version.json", "/slot"})
        there = contents(self.on_board)
        self.assertEqual({name: there[name] for name in good if name.startswith("a/")},
                         {name: data for name, data in good.items() if name.startswith("a/")})
        self.assertFalse({"trial", "a/stale.py"} & set(there))
        self.boots(RUNS)

    def test_copied_the_old_way(self) -> None:
        """A board whose firmware was copied onto its root gets slots; the copies go, what is
        its owner's stays."""
        self.put(main_py="print('old')", common__link_py="", common__wifi_py="",
                 camera_app_py="", notes_py="", calibration="{}")
        done = self.flash(self.board())
        self.assertEqual(done.state, "online")
        there = set(contents(self.on_board))
        self.assertFalse({"common/link.py", "camera_app.py"} & there)
        self.assertLess({"notes.py", "calibration", "main.py", "a/main.mpy"}, there)
        self.assertFalse((self.on_board / "common").exists())
        self.boots(RUNS)

    def test_encrypted(self) -> None:
        """A wire that is encrypted brings server.tls and the authority's certificate along."""
        self.flash(self.board(), settings={"server": {"tls": True}})
        self.assertEqual((self.on_board / "ca.der").read_bytes(), b"certificate")
        self.assertIs(self.settings["server"]["tls"], True)

    def test_programs_in_the_way(self) -> None:
        """A program that prints without end, and one that takes the first Ctrl-C for itself,
        are stopped all the same."""
        loops = "while True: print('all work and no play ' * 3)"
        stubborn = f"import time\ntry:\n time.sleep_ms(10**6)\nexcept KeyboardInterrupt:\n {loops}"
        for program in (loops, stubborn):
            self.put(main_py=program)
            self.assertEqual(self.flash(self.board()).state, "online")
        self.boots(RUNS)


class AskingTests(FlashCase):
    """What people and the daemon are asked."""

    def test_dry_run(self) -> None:
        """A dry run says what would be written, writes nothing, asks the daemon for nothing and
        leaves the board running."""
        self.put(main_py="print('hello')")
        board = self.board()
        done = self.flash(board, dry_run=True)
        self.assertEqual(done.state, "planned")
        self.restarted(board)
        self.assertIn("/a/main.mpy", done.written)
        self.assertIn("nothing was written", done.message)
        self.assertEqual((contents(self.on_board), self.daemon.calls),
                         ({"main.py": b"print('hello')"}, []))

    def test_questions(self) -> None:
        """What is left open is asked, with an id of the chip's number as default; the password
        without echo."""
        self.person.answers = {"kind": "watch", "preset": "max30102", "wifi": "my net",
                               "secret": "open sesame"}
        self.flash(self.board(), kind=None, id=None, preset=None, wifi=None)
        self.assertEqual(self.person.asked, ["--kind", "--preset", "--id", "--wifi", "secret"])
        self.assertEqual(self.settings["id"], "watch-1d2e3f")
        self.assertEqual(self.settings["wifi"], {"ssid": "my net", "password": "open sesame"})
        self.assertEqual(self.settings["pulse"]["sensor"], "max30102")

    def test_bad_settings(self) -> None:
        """Settings that the board would refuse are told with every fault before anything is
        asked for or written, and without secrets."""
        board = self.board()
        wrong = {"camera.fps": 100, "lamp": {"pin": "x"}, "colour": 1}
        caught = self.assertRaises(BadSettings, self.flash, board, settings=wrong,
                                   wifi={"ssid": "x" * 40, "password": WIFI["password"]})
        for key in ("camera.fps", "lamp.pin", "colour", "wifi.ssid"):
            self.assertIn(key, str(caught))
        self.assertNotIn(WIFI["password"], str(caught))
        self.assertEqual((contents(self.on_board), self.daemon.calls), ({}, []))
        self.restarted(board)

    def test_key_of_another_board(self) -> None:
        """An id whose key this board does not have gets a new one only when a person agrees."""
        self.daemon.keys["cam-box"] = "a" * 64
        board = self.board()
        self.assertRaises(Invalid, self.flash, board)
        self.assertEqual(self.daemon.keys["cam-box"], "a" * 64)
        self.person.answers["yes"] = "yes"
        self.assertEqual(self.flash(board).key, "new")
        self.assertEqual(self.settings["key"], self.daemon.keys["cam-box"])

    def test_waits_for_approval(self) -> None:
        """A board that the daemon holds back ends in the sentence that lets it in."""
        self.daemon.state = "pending"
        caught = self.assertRaises(Refused, self.flash, self.board())
        self.assertIn("iotd device approve cam-box", str(caught))

    def test_wrong_wifi(self) -> None:
        """A board that can't join says so in the end, and shows neither name nor password."""
        self.daemon.state = "offline"
        caught = self.assertRaises(Refused, self.flash, self.board())
        self.assertIn("--wifi ask", str(caught))
        shown = "\n".join([*self.person.heard, str(caught)])
        self.assertIn("board: wifi: no '…'", shown)
        for secret in (*WIFI.values(), self.daemon.keys["cam-box"]):
            self.assertNotIn(secret, shown)
