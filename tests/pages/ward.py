"""A patient and boards of the device wire, for the tests of the pages of Health Plus."""

from __future__ import annotations

import io
import time
from datetime import datetime, timedelta, timezone
from typing import Any, Callable

from PIL import Image, ImageDraw
from playwright.sync_api import BrowserContext, Locator, Page
from twisted.trial.unittest import SynchronousTestCase

from tests.field_devices import DeviceBoard, FieldCabinet, FieldCabinetCamera, FieldWatch
from tests.pages.house import House, house, watch_faults

SEND_ALL = """([path, rows]) => {
  const csrf = JSON.parse(document.getElementById("initial").textContent).csrf;
  const headers = {"Content-Type": "application/json", "X-CSRF-Token": csrf};
  const send = (row) => fetch(path, {method: "POST", headers, body: JSON.stringify(row)});
  return Promise.all(rows.map((row) => send(row).then((answer) => answer.status)));
}"""
PACE = 50.0  # a measurement takes 0.3 s, a closed door settles in 0.1 s


def package(colour: tuple[int, int, int], text: str) -> Image.Image:
    """A package with enough on it to be recognised."""
    image = Image.new("RGB", (150, 220), colour)
    draw = ImageDraw.Draw(image)
    for row in range(8):
        for column in range(6):
            shade = (row * 53 + column * 97 + len(text) * 31) % 200
            box = (8 + column * 23, 40 + row * 22, 22 + column * 23, 52 + row * 22)
            draw.rectangle(box, fill=(shade, 255 - shade, (shade * 3) % 255))
    draw.text((20, 12), text, fill="white")
    return image


def shelf() -> bytes:
    """A picture of a shelf with one package, as a cabinet's camera takes it."""
    image = Image.new("RGB", (640, 480), (92, 84, 76))
    image.paste(package((150, 40, 30), "Nutella"), (240, 140))
    return jpeg(image)


def jpeg(image: Image.Image) -> bytes:
    """Its bytes."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()


class WardCase(SynchronousTestCase):
    """An admin with a page; boards are switched off, devices and patients removed at the end."""

    def setUp(self) -> None:
        self.house: House = house()
        self.context: BrowserContext = self.house.context()
        self.addCleanup(self.context.close)
        self.page: Page = self.context.new_page()
        self.faults = watch_faults(self.page)

    def call(self, method: str, path: str, data: Any = None) -> Any:
        """The JSON API as the admin."""
        return self.house.call(self.context, method, path, data)

    def patient(self, name: str = "Grace", **more: str) -> str:
        """A new patient; the id."""
        body = {"name": name, "sex": "female", "birth_date": "1948-07-21", **more}
        id = str(self.call("POST", "/api/v1/patients", body)["id"])
        self.addCleanup(self._remove, f"/api/v1/patients/{id}")
        return id

    def _remove(self, path: str) -> None:
        context = self.house.context()
        self.house.call(context, "DELETE", path)
        context.close()

    def watch(self, patient: str | None, measure: Callable[[], tuple[str, str]]) -> str:
        """A watch that is let in and worn; its id."""
        return self._board(FieldWatch, "watch", {"patient": patient}, measure)[0]

    def cabinet(self, patient: str | None, **fields: Any) -> tuple[str, FieldCabinet]:
        """A cabinet that is let in; id and board."""
        id, board = self._board(FieldCabinet, "cabinet", {"patient": patient, **fields})
        assert isinstance(board, FieldCabinet)
        return id, board

    def cabinet_camera(self, take: Callable[[], bytes] = shelf) -> str:
        """A camera that looks into a cabinet; its id."""
        return self._board(FieldCabinetCamera, "cabinet_camera", {}, take)[0]

    def _board(
        self, make: Callable[..., DeviceBoard], kind: str, fields: Any, *more: Any
    ) -> tuple[str, DeviceBoard]:
        known = self._ids()
        board = make("127.0.0.1", self.house.daemon.devices, *more, pace=PACE)
        board.power_on()
        self.addCleanup(board.power_off)
        id = self._new(known)
        self.addCleanup(self._remove, f"/api/v1/devices/{id}")
        self.call("POST", f"/api/v1/devices/{id}/approve", {"kind": kind})
        if fields:
            self.call("PATCH", f"/api/v1/devices/{id}", fields)
        return id, board

    def _ids(self) -> set[str]:
        return {one["id"] for one in self.call("GET", "/api/v1/devices?limit=1000")["items"]}

    def _new(self, known: set[str]) -> str:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            for id in self._ids() - known:
                return id
            time.sleep(0.05)
        raise AssertionError("the board did not appear")


class HealthCase(WardCase):
    """With a patient."""

    def setUp(self) -> None:
        super().setUp()
        self.who = self.patient()

    def open(self, page: str, selector: str = "main h1") -> None:
        """One of the patient's pages."""
        path = f"/health/{self.who}/{page}".rstrip("/")
        if page == "report":  # on paper nothing changes
            self.page.goto(path)
        else:
            with self.page.expect_response("**/api/v1/events*"):  # from now on it hears
                self.page.goto(path)
        self.page.wait_for_selector(selector)

    def tell(self, kind: str, value: float, hours_ago: float = 0) -> None:
        """A value typed in elsewhere."""
        at = datetime.now(timezone.utc) - timedelta(hours=hours_ago)
        body: dict[str, Any] = {"kind": kind, "value": value, "measured_at": at.isoformat()}
        self.call("POST", f"/api/v1/patients/{self.who}/readings", body)

    def tell_many(self, rates: dict[int, float]) -> None:
        """Heart rates by how many hours ago they were, all at once."""
        self.page.goto(f"/health/{self.who}")
        now = datetime.now(timezone.utc)
        rows = [
            {"kind": "heart_rate", "value": value,
             "measured_at": (now - timedelta(hours=hours)).isoformat()}
            for hours, value in rates.items()
        ]
        path = f"/api/v1/patients/{self.who}/readings"
        self.assertEqual(self.page.evaluate(SEND_ALL, [path, rows]), [201] * len(rows))

    def tile(self, vital: str) -> Locator:
        """The tile of a vital."""
        return self.page.locator(f"#tile-{vital}")
