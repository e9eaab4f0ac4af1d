"""Reports for tests: made in process, or over HTTP by real processes; and readers of PDF."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from iotd.health.report.content import Told, report_of
from iotd.health.report.writer import make
from tests.apps import WEB, App, Browser
from tests.health.test_api import ANNA

FONTS = WEB / "fonts"
NOW = 1_795_700_000.0  # 26 November 2026
NAMES = {
    "Tamil": "முத்துலட்சுமி கோவிந்தராஜன்", "Chinese": "張小明 王龘", "Arabic": "فاطمة بنت محمد الزهراء",
    "Malay": "Nur Aisyah binti Abdullah",
}


def told(**more: Any) -> Told:
    """The data of a report; what is named here is in the place of what it has by itself."""
    bare = Told(
        patient={"name": "Anna Berg", "sex": "female", "birth_date": "1948-07-21"},
        site="iotd", by="anna", now=NOW, timezone="Europe/Berlin", days=90, sections={},
        left_out=(), answers=(), marks={},
    )
    return replace(bare, **more)


def pdf_of(**more: Any) -> bytes:
    """The same as a PDF."""
    return make(report_of(told(**more)), FONTS)


def run(program: str, pdf: bytes, *options: str) -> str:
    """What a program of poppler says of a PDF; it must be content with it."""
    command = [program, *options, "-"] if program != "pdftotext" else [program, *options, "-", "-"]
    done = subprocess.run(command, input=pdf, capture_output=True, timeout=60)
    said = done.stderr.decode(errors="replace")
    if done.returncode or "rror" in said:
        raise AssertionError(f"{program}: {said}")
    return done.stdout.decode()


def text_of(pdf: bytes, *options: str) -> str:
    """The text of a PDF as people copy it, without marks of direction."""
    found = run("pdftotext", pdf, *options)
    return "".join(letter for letter in found if letter not in "\u202a\u202b\u202c\u200e\u200f")


def words_of(pdf: bytes) -> str:
    """The same in the order of its parts, with one space wherever there is some."""
    return " ".join(text_of(pdf, "-raw").split())


def reading(kind: str, day: str, low: float, middle: float, high: float) -> dict[str, Any]:
    """A day's bucket as the API shows it."""
    return {
        "kind": kind, "start": f"{day}T00:00:00Z", "end": f"{day}T23:59:59Z", "count": 2000,
        "min": low, "median": middle, "max": high, "coverage": 0.7,
    }


class ReportTest(TestCase):
    """The app with Anna's patient ``self.who``; ``granted`` are the sections of doctors."""

    async def setUp(self) -> None:  # type: ignore[override]
        self.app = App(Path(self.mktemp()))
        self.addCleanup(lambda: Deferred.fromCoroutine(self.app.close()))
        self.reports = self.app.record.reports
        self.addCleanup(self.reports.stop_service)
        self.granted: dict[str, frozenset[str]] = {}
        self.app.patients.access.use(
            lambda who, patient: self.granted.get(who.name, frozenset()),
            lambda who, patient: None,
        )
        await self.app.add("anna", "patient")
        self.anna = await self.app.signed_in("anna")
        made = await self.anna.call("POST", "/api/v1/patients", json=ANNA)
        self.who = str(made.json["id"])
        self.path = f"/api/v1/patients/{self.who}"

    async def doctor(self, name: str, *sections: str) -> Browser:
        """A doctor who was let into these sections."""
        self.granted[name] = frozenset(sections)
        await self.app.add(name, "doctor")
        return await self.app.signed_in(name)

    async def report(self, query: str = "", browser: Browser | None = None) -> Any:
        """The reply to asking for a report."""
        return await (browser or self.anna).call("GET", f"{self.path}/report.pdf{query}")
