"""Every page, light and dark, on a phone and on a desk."""

from __future__ import annotations

import functools
from datetime import datetime, timedelta, timezone
from typing import Any, Iterator

from playwright.sync_api import Page, expect
from twisted.trial.unittest import SynchronousTestCase

from iotd.wire.gate_messages import text_payload
from tests.pages import campus_house as campus
from tests.pages.campus_house import ENTRY, EXIT, STUDENTS, Gate, publish
from tests.pages.house import AXE, SHOTS, House, house, watch_faults
from tests.pages.looks_record import Furnishing
from tests.pages.ward import WardCase

PUBLIC = {
    "login": "/login", "login-doctors": "/login#doctors", "enrol": "/enrol#doctors",
    "forgot": "/forgot", "reset": "/reset#token", "error": "/no-such-page",
    "register": "/campus/register",
}
INSIDE = {
    "home": "/", "devices": "/devices", "device": "/devices#cam-127-0-0-31",
    "cameras": "/cameras",
    "camera": "/cameras/cam-127-0-0-31", "camera-offline": "/cameras/cam-127-0-0-33",
    "wall": "/cameras/wall", "users": "/users", "account": "/account",
}
WARD = ("monitoring", "charts", "data", "report", "habits")
VALUES = (
    *((hours, "heart_rate", 60 + 7 * hours % 23) for hours in (1, 2, 3, 30, 60)),
    (5, "spo2", 97), (0.1, "bp_systolic", 190), (0.1, "bp_diastolic", 88),
)
READY = {
    "monitoring": "#tile-heart_rate .value >> text=72", "charts": "#chart[data-drawn] canvas",
    "data": "tbody tr >> nth=4", "report": ".report tbody tr >> nth=4", "habits": ".day",
    "cabinet": "figure.shelf img", "camera": "figure.stage.streaming.seen",
    "cameras": "canvas[data-drawn]", "wall": "canvas[data-drawn]", "home": "text=all parts work",
    "campus": ".people tbody tr", "students": ".students tbody tr", "student": ".danger-zone",
    "gates": "article.device >> nth=1", "labs-ranges": "[name=analyte]",
    "patient-labs": "#lab-hba1c", "patient-questionnaire": "#step-title",
    "patient-review": "#step-title", "patient-advice": ".note-entry >> nth=1",
    "patient-sharing": ".consent >> nth=2", "patient-report": ".report tbody tr >> nth=4",
    "doctor-advice": ".note-entry >> nth=1", "doctor-patients": ".patient-card",
    "doctor-home": "nav.doors", "link": ".shared-part >> nth=5",
    "link-passcode": "[name=passcode]", "users": "article.waiting", "device": ".timeline li",
}
#: What is clicked before the picture is taken, and what is there then.
CLICKS = {
    "patient-questionnaire": (".q-step:has-text('Sleep')", "[name='sleep.hours']"),
    "patient-review": (".q-step:has-text('Look through')", ".q-sheet"),
    "patient-sharing": ("text=Who looked or changed something", ".accesses li"),
    "doctor-advice": ("[aria-label='Change: Diet']", "#e-diet"),
}
SMALLEST = 43.5  # CSS pixels, each way, of what a finger must hit
SMALL_TARGETS = """(smallest) => [...document.querySelectorAll('a, button, input, select, summary')]
  .filter((each) => each.checkVisibility() && getComputedStyle(each).display !== 'inline')
  .filter((each) => {
    const box = (each.closest('label') ?? each).getBoundingClientRect();
    return box.width > 1 && Math.min(box.width, box.height) < smallest;
  }).map((each) => each.outerHTML.slice(0, 120))"""
FAULTS = """async () => (await axe.run()).violations
  .filter(({impact}) => impact === 'serious' || impact === 'critical')
  .map(({id, nodes}) => `${id}: ${nodes[0].html.slice(0, 200)}`)"""


@functools.cache
def furnish(home: House) -> list[tuple[Any, dict[str, str]]]:
    """Cameras, a ward, a campus and a record, done once; who looks, and at which pages."""
    _hang_cameras(home)
    ward = _open_ward(home)
    inside = {**INSIDE, **ward, **_open_campus(home)}
    record = Furnishing(home, ward["patient"].rsplit("/", 1)[1]).views()
    return [(None, PUBLIC), (home.signed_in, inside), *record]


def _open_campus(home: House) -> dict[str, str]:
    """Students who came and went, a gate with a key and one from the field; all of it stays."""
    context = home.context()
    key = home.call(context, "POST", "/api/v1/devices/main-gate/key", {"kind": "gate"})["key"]
    gate = Gate(home.daemon.mqtt, "main-gate", key)
    for i, hostel in enumerate(("North", "South", "East of the river, by the old mill", "North")):
        rollno, mac = f"LOOK-{i}", f"a4:c1:38:00:00:{i:02x}"
        home.call(context, "POST", STUDENTS, {
            "rollno": rollno, **campus.VALUES, "hostel": hostel,
        })
        home.call(context, "PUT", f"{STUDENTS}/{rollno}/mac", {"mac": mac})
        gate.saw(ENTRY, mac, ago=86400 + 3600 * i)
        gate.saw(EXIT if i % 2 else ENTRY, mac, ago=600 * i)
    gate.say("seen", b'{"boot":"x","seq":-1}')
    gate.skip(3)
    gate.saw(ENTRY, "a4:c1:38:00:00:00")
    text = text_payload(ENTRY, [("a4:c1:38:00:00:00", -50)])
    publish(home.daemon.mqtt, "sample", text)
    context.close()
    return {
        "campus": "/campus", "students": "/campus/students", "gates": "/campus/gates",
        "student": "/campus/students?student=LOOK-1", "import": "/campus/students?import=1",
    }


def _open_ward(home: House) -> dict[str, str]:
    """A patient with values and an alert, and a cabinet that was opened; all of it stays."""
    ward = WardCase()
    ward.setUp()
    id = ward.patient("Grace Hopper")
    ward.watch(id, lambda: ("72.00", "36.60"))
    cab, board = ward.cabinet(id, camera=ward.cabinet_camera())
    for hours, kind, value in VALUES:
        at = (datetime.now(timezone.utc) - timedelta(hours=hours)).isoformat()
        body = {"kind": kind, "value": value, "measured_at": at}
        ward.call("POST", f"/api/v1/patients/{id}/readings", body)
    board.open("1023.4")
    board.close("900.0")
    ward.page.goto(f"/cabinets/{cab}")
    ward.page.wait_for_selector("figure.shelf img")
    ward.context.close()
    health = {name: f"/health/{id}/{name}" for name in WARD}
    return {
        "patients": "/health?all=1", "patient": f"/health/{id}", **health,
        "labs-ranges": f"/health/{id}/labs?ranges=1",
        "cabinets": "/cabinets", "cabinet": f"/cabinets/{cab}",
    }


def _hang_cameras(home: House) -> None:
    """Cameras 31 streaming, 32 stopped, 33 offline, and 34 waiting."""
    context = home.context()
    page = context.new_page()
    boards = [home.camera(number) for number in (31, 32, 33, 34)]
    page.goto("/devices")
    page.wait_for_selector("article.pending >> nth=3")
    for number in (31, 32, 33):
        home.call(context, "POST", f"/api/v1/devices/cam-127-0-0-{number}/approve")
    home.call(context, "POST", "/api/v1/cameras/cam-127-0-0-31/start")
    boards[2].power_off()
    gone = page.locator("tr.board:has-text('cam-127-0-0-33') .state").first
    expect(gone).to_have_text("offline")
    context.close()


class Looks(SynchronousTestCase):
    """Screenshots land in shots/ for people to look at."""

    def setUp(self) -> None:
        self.house = house()
        self.views = furnish(self.house)

    def _views(self, theme: str, width: int) -> Iterator[tuple[str, Page, list[str]]]:
        size: Any = {"width": width, "height": 800}
        for state, pages in self.views:
            context = self.house.context(storage_state=state, color_scheme=theme, viewport=size)
            for name, path in pages.items():
                page = context.new_page()
                faults = watch_faults(page)
                page.goto(path)
                page.wait_for_selector("main h1")
                _settle(page, name)
                yield name, page, faults
                page.close()
            context.close()

    def look(self, theme: str, width: int) -> None:
        """No serious fault, no sideways scrolling, no small targets on any page."""
        SHOTS.mkdir(exist_ok=True)
        for name, page, faults in self._views(theme, width):
            where = f"{name}, {theme}, {width} px"
            page.screenshot(path=SHOTS / f"{name}-{width}-{theme}.png", full_page=True)
            needed = page.evaluate("document.documentElement.scrollWidth")
            self.assertLessEqual(needed, width, where)
            self.assertEqual(page.evaluate(SMALL_TARGETS, SMALLEST), [], where)
            # through the debugger's door: the page's own policy lets no such script in
            page.evaluate(AXE.read_text())
            self.assertEqual(page.evaluate(FAULTS), [], where)
            self.assertEqual(faults, [], where)


class LooksTests(Looks):
    """Where most would go wrong, in a quarter of the time of all four; `make soak` has those."""

    def test_dark_phone(self) -> None:
        """Dark, 360 px wide: no serious fault, no sideways scrolling, no small targets."""
        self.look("dark", 360)


def _settle(page: Page, name: str) -> None:
    """Wait until what comes later is there."""
    if name in READY:
        page.wait_for_selector(READY[name])
    if name in CLICKS:
        wanted, found = CLICKS[name]
        page.click(wanted)
        page.wait_for_selector(found)
        page.evaluate("scrollTo(0, 0)")
