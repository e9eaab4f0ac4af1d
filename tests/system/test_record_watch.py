"""A watch asks for its wearer's results and advice, as boards in the field do, and keyed ones."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import time
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.field_devices import GREETING, FieldWatch
from tests.running_daemon import until
from tests.system import wire
from tests.system.house import shared_daemon

SETTINGS = {"devices": {"enrolment": "open", "poll_seconds": 3600}}
REQUESTS = (b"0,rep", *(b"0,%c" % letter for letter in b"abcdefghi"))
NOTHING = (b"hrx" + 15 * b",", *b"crd glc dit exr mtl rsp dig bne imm".split())

OLDER = {"date": "2026-01-05", "values": {"albumin": {"value": 41, "unit": "g/L"}}}
# 99 mg/dL of glucose / 18.016; 0.9 mg/dL of creatinine x 88.4; 0.09148 x 39 + 2.152 of HbA1c
NEWEST = {"date": "2026-03-09", "values": {key: {"value": value, "unit": unit} for (
    key, value, unit) in (
    ("total_cholesterol", 5.2, "mmol/L"), ("triglyceride", 1.7, "mmol/L"),
    ("hdl_c", 1.3, "mmol/L"), ("ldl", 3.1, "mmol/L"), ("bilirubin", 12, "umol/L"),
    ("alt", 25, "U/L"), ("ast", 22.5, "U/L"), ("alp", 70, "U/L"), ("glucose", 99, "mg/dL"),
    ("protein", 72, "g/L"), ("creatinine", 0.9, "mg/dL"), ("potassium", 4.15, "mmol/L"),
    ("egfr", 88, "mL/min/{1.73_m2}"), ("hba1c", 39, "mmol/mol"),
)}}
REPORT = b"hrx5.2,1.7,1.3,3.1,4,12,25,22.5,70,5.5,72,,79.56,4.15,88,5.72"
ADVICE = {
    "cardiovascular": "Walk daily.\nSit  less.", "glucose": "0,rep is no sugar, 1,2 neither",
    "diet": "இரவில் பழம் சாப்பிடுங்கள்", "exercise": "Stairs <b>twice</b>", "mental": "早睡早起",
    "respiratory": "قف عن التدخين", "digestive": "Minum air", "bone": "Milk\t& sun\r\n",
    "immunizations": "Flu, in October",
}
TOLD = tuple(prefix + text.encode() for prefix, text in zip(NOTHING[1:], (
    "Walk daily. Sit less.", ADVICE["glucose"], ADVICE["diet"], ADVICE["exercise"], "早睡早起",
    ADVICE["respiratory"], "Minum air", "Milk & sun", "Flu, in October")))


class AskingWatch(FieldWatch):
    """A field watch whose wearer presses its buttons."""

    def ask(self, *pieces: bytes, pause: float = 0.0) -> bytes:
        """Send the pieces, so many seconds apart; the next chunk that comes and is no poll."""
        assert self._socket is not None
        before = len(self.heard)
        for piece in pieces:
            self._socket.sendall(piece)
            time.sleep(pause)
        until(lambda: self._said(before) or not self.running, f"an answer to {pieces!r}")
        return b"".join(self._said(before))

    def _said(self, before: int) -> list[bytes]:
        # the poll of an hour may fall into any second
        return [each for each in self.heard[before:] if each != b"bpm"]


class WatchTests(SynchronousTestCase):
    """Two patients, and watches of theirs."""

    def setUp(self) -> None:
        self.daemon = shared_daemon(json.dumps(SETTINGS))
        self.ada, self.bob = self.patient("Ada"), self.patient("Bob")
        self.call("PUT", f"/patients/{self.ada}/labs", NEWEST)
        self.call("PUT", f"/patients/{self.ada}/labs", OLDER)
        self.call("PUT", f"/patients/{self.ada}/advice", ADVICE)
        self.call("PUT", f"/patients/{self.bob}/labs", OLDER)
        self.call("PUT", f"/patients/{self.bob}/advice", {"diet": "Less " * 300})
        self.call("PUT", f"/patients/{self.bob}/advice", {"glucose": "secret", "draft": True})

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of an admin's call."""
        return self.daemon.call(method, "/api/v1" + path, body, role="admin")

    def patient(self, name: str) -> str:
        """A new patient's id."""
        made = {"name": name, "sex": "female", "birth_date": "1948-02-03"}
        return str(self.call("POST", "/patients", made)["id"])

    def wears(self, device: str, patient: str | None) -> None:
        """Give a watch to a patient."""
        self.call("PATCH", f"/devices/{device}", {"patient": patient})

    def values(self, patient: str, kind: str) -> list[float]:
        """What was measured of a patient, sorted, each value once."""
        path = f"/patients/{patient}/readings?kind={kind}&limit=1000"
        return sorted({each["value"] for each in self.call("GET", path)["items"]})

    def watch(self) -> AskingWatch:
        """A field watch that was told to measure once."""
        watch = AskingWatch("127.0.0.1", self.daemon.ports["devices"],
                            lambda: ("64.00", "36.40"), pace=300.0)
        self.addCleanup(watch.power_off)
        watch.power_on()
        until(lambda: b"start" in b"".join(watch.heard), "it is let in")
        self.call("POST", "/devices/wch/commands", {"command": "bpm"})
        until(lambda: watch.sent, "it has measured")
        return watch

    def test_field_watch(self) -> None:
        """To the byte: nothing of nobody, all ten of its wearer's, cut or glued to readings, and
        the next wearer's as soon as it is theirs."""
        watch = self.watch()
        self.assertEqual((watch.ask(b"0,rep"), watch.ask(b"0,a")), NOTHING[:2])
        self.wears("wch", self.ada)
        self.assertEqual(tuple(map(watch.ask, REQUESTS)), (REPORT, *TOLD))
        self.glued(watch)
        self.wears("wch", self.bob)
        self.assertEqual(watch.ask(b"0,rep"), b"hrx" + 11 * b"," + b"41" + 4 * b",")
        self.assertEqual(watch.ask(b"0,b"), b"glc")
        long = watch.ask(b"0,c")
        self.assertEqual(long, b"ditLess" + 197 * b" Less" + b" ...")
        self.wears("wch", None)
        self.assertEqual(watch.ask(b"0,rep"), NOTHING[0])
        words = b"".join(watch.heard).removeprefix(GREETING)
        self.assertTrue(words.replace(b"bpm", b"").startswith(b"starthrx"), words[:40])

    def glued(self, watch: AskingWatch) -> None:
        """Slowly byte by byte, and in one piece with readings before and behind."""
        bytewise = [b"%c" % byte for byte in b"0,rep"]
        self.assertEqual(watch.ask(*bytewise, pause=0.07), REPORT)
        self.assertEqual(watch.ask(b"0", b",", b"i"), TOLD[-1])
        self.assertEqual(watch.ask(b"0,rep72.00,bpm37.10,temp"), REPORT)
        self.assertEqual(watch.ask(b"81.00,bpm37.20,temp0,d"), TOLD[3])
        self.assertEqual(watch.ask(b"83.00,bpm0,rep", b"37.30,temp"), REPORT)
        kept = [64.0, 72.0, 81.0, 83.0]
        until(lambda: len(self.values(self.ada, "heart_rate")) >= len(kept), "they are stored")
        self.assertEqual(self.values(self.ada, "heart_rate"), kept)
        until(lambda: len(self.values(self.ada, "body_temperature")) >= len(kept), "these, too")
        self.assertEqual(self.values(self.ada, "body_temperature"), [36.4, 37.1, 37.2, 37.3])

    def test_keyed_watch(self) -> None:
        """In lines: four at once are answered in order, also cut into bytes and in a line with
        readings, and the next wearer's as soon as it is theirs."""
        key = self.call("POST", "/devices/wrist/key", {"kind": "watch"})["key"]
        self.wears("wrist", self.ada)
        sock = self.keyed("wrist", key)
        self.assertEqual(self.told(sock, b"0,rep\n0,a\n0,c\n0,i\n", 4),
                         [REPORT, TOLD[0], TOLD[2], TOLD[8]])
        for byte in b"0,rep72.00,bpm\n":
            sock.sendall(b"%c" % byte)
        self.assertEqual(self.told(sock, b"", 1), [REPORT])
        until(lambda: self.values(self.ada, "heart_rate") == [72.0], "the reading is stored")
        self.wears("wrist", self.bob)
        self.assertEqual(self.told(sock, b"0,b\n0,h\n", 2), [b"glc", b"bne"])

    def keyed(self, id: str, key: str) -> socket.socket:
        """A link of a keyed watch that was started."""
        sock = wire.dial(self.daemon.ports["devices"])
        self.addCleanup(sock.close)
        self.assertEqual(sock.recv(len(GREETING), socket.MSG_WAITALL), GREETING)
        sock.sendall(b"key~%b\n" % id.encode())
        nonce = wire.line(sock).strip().removeprefix(b"nonce~").decode()
        proof = hmac.new(bytes.fromhex(key), f"iotd1|dev|{id}|{nonce}".encode(), hashlib.sha256)
        sock.sendall(b"mac~%b\n" % proof.hexdigest().encode())
        self.assertEqual(wire.line(sock), b"start\n")
        return sock

    def told(self, sock: socket.socket, data: bytes, count: int) -> list[bytes]:
        """So many lines that come after ``data``, polls left out."""
        sock.sendall(data)
        lines: list[bytes] = []
        while len(lines) < count:
            line = wire.line(sock)
            self.assertTrue(line.endswith(b"\n"), line)
            lines += [line[:-1]] if line != b"bpm\n" else []
        return lines
