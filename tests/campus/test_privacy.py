"""No address and no badge stands on the disk, in the log or in figures, in any spelling."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

from hypothesis import given, settings, strategies as st
from prometheus_client import generate_latest
from twisted.logger import capturedLogs, eventAsText
from twisted.trial.unittest import SynchronousTestCase

from iotd.calendar import Calendar
from iotd.campus.hearing import Hearing, Letter
from iotd.campus.routes import Route
from iotd.campus.spool import NAME, Known, Spool
from iotd.wire.gate_messages import badge_payload, seen_payload, text_payload
from tests.campus.intake_house import BADGE, HASHER, NOW, SEEN, TEXT, IntakeTest

# spread out: few zeros, or any file would hold them by chance
macs = st.lists(
    st.binary(min_size=1, max_size=6).map(lambda seed: hashlib.sha256(seed).hexdigest()[:12]),
    min_size=3, max_size=6,
)
AT = round(NOW * 1_000_000)


def spellings(mac: str) -> set[bytes]:
    """Of 12 hex digits: with all separators, both ways round, as a number, raw and in base64."""
    pairs = re.findall("..", mac)
    raw = bytes.fromhex(mac)
    texts = {str(int(mac, 16)), base64.b64encode(raw).decode(), str(list(raw))[1:-1]}
    for listed in (pairs, pairs[::-1], re.findall("....", mac)):
        texts |= {mark.join(listed) for mark in ("", ":", "-", ".", " ", "_", "%3A", ", ")}
    found = {spelled.encode() for text in texts for spelled in (text, text.upper())}
    return found | {raw, raw[::-1]}


def bytes_of(folder: Path) -> bytes:
    """All that the spool's files hold; its reserve is 8 MiB of nothing."""
    return b"".join(path.read_bytes() for path in folder.glob(f"{NAME}*"))


def letters(macs: list[str], cut: int) -> list[Letter]:
    """Messages of every kind that hold these, good and bad."""
    spelled = [":".join(re.findall("..", mac)) for mac in macs]
    listed = [(mac, -50) for mac in macs]
    good = seen_payload("b1", 1, NOW, 0, listed)
    bad = json.dumps({"boot": macs[0], "seq": int(macs[1], 16) << 8, "ts": None, "seen": spelled,
                      "direction": macs[2]}).encode()
    work: list[tuple[Route, bytes]] = [
        (SEEN, good), (SEEN, good[:cut]), (SEEN, bad), (SEEN, "|".join(spelled).encode()),
        (SEEN, good.replace(b'"mac":"', b'"mac":"x')), (SEEN, good.replace(b"-50", b"-500")),
        (TEXT, text_payload(0, listed)), (TEXT, text_payload(0, listed)[1:]),
        (BADGE, badge_payload("b1", 2, NOW, 0, macs[0])),
        (BADGE, badge_payload("b1", 3, NOW, 0, macs[1]).replace(b"rfid", b"nfc")),
        (BADGE, badge_payload("b1", 4, NOW, 0, "z" + macs[1])),
        (Route("gate-9", "seen", False), good),
    ]
    return [(route, payload, AT) for route, payload in work]


class PrivacyTest(SynchronousTestCase):
    """Registered ones and strangers alike."""

    def assert_clean(self, data: bytes, macs: list[str]) -> None:
        """None of them is in it."""
        for mac in macs:
            for text in spellings(mac):
                self.assertNotIn(text, data, mac)

    @settings(deadline=None, max_examples=40)
    @given(macs, st.integers(0, 300))
    def test_spool_and_notes(self, macs: list[str], cut: int) -> None:
        """After any messages: the spool's files, their log, and what people are shown."""
        folder = Path(self.mktemp())
        spool = Spool(folder / NAME)
        spool.open()
        known: Known = {HASHER.mac(macs[0]): (1, None), HASHER.badge(macs[1], "rfid"): (2, AT)}
        spool.replace_known(known)
        hearing = Hearing(HASHER, Calendar(), -100, True)
        hearing.owners.replace(known)
        with capturedLogs() as logs:
            batch, notes = hearing.hear(letters(macs, cut))
            spool.append(batch, AT)
        self.assertGreater(len(notes.faults), 4)
        files = bytes_of(folder)
        spool.close()
        files += bytes_of(folder)
        told = "\n".join([*map(str, notes.faults), *map(str, notes.gates), *map(str, logs)])
        self.assert_clean(files + told.encode(), macs)


class WholeTests(IntakeTest):
    """The intake as a whole."""

    async def test_log_and_figures(self) -> None:
        """A run with good and bad messages leaves no address in log, figures or files."""
        macs = ["a1b2c3d4e5f6", "02aabbccdd11", "0e1122334455"]
        with capturedLogs() as logs:
            await self.start()
            await self.intake.submit([(route, data) for route, data, _ in letters(macs, 120)])
            await self.intake.identify([(HASHER.mac(macs[0]), 5, None)])
            await self.intake.submit([(route, data) for route, data, _ in letters(macs, 90)])
            await self.intake.forget([5])
            await self.intake.stop_service()
        lines = "\n".join(eventAsText(event) for event in logs)
        files = bytes_of(self.path.parent)
        for mac in macs:
            for text in spellings(mac):
                self.assertNotIn(text, files + lines.encode() + generate_latest(self.metrics))
