"""What mails and webhooks say of an alert.

They leave the house, by servers of others and to lock screens: so they name the
person, the vital and a link, and hold no measured value unless the
configuration says so (``alerts.values``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Callable, Mapping
from zoneinfo import ZoneInfo

from iotd.mail import Mail
from iotd.health.alert_model import AGAIN, OVER, RAISED, WORSE, Alert
from iotd.health.alert_rules import HIGH, LOW
from iotd.health.model import KINDS
from iotd.health.patients import Patients

#: Those that are told by mail: the end of an alert wakes nobody.
MAILED = (RAISED, WORSE, AGAIN)
TEST = "test"

_WORDS = {RAISED: "", WORSE: "It got worse. ", AGAIN: "The snooze is over and it still holds. ",
          OVER: "It is over. ", TEST: ""}
_VALUES = ("value", "unit", "text")


def names_in(patients: Patients) -> Callable[[str], str | None]:
    """Names of patients by id; None of one who is not there."""
    return lambda id: patients.patient(id).name if patients.knows(id) else None


@dataclass(frozen=True)
class Wording:
    """How messages are written: names of patients by id, the address of pages, the site's
    name, whether values are told, and in which time zone times are."""

    name_of: Callable[[str], str | None]
    address: Callable[[], str]
    site_name: str = "iotd"
    values: bool = False
    timezone: str = "UTC"

    def body(self, alert: Alert) -> str:
        """What the outbox keeps of an alert."""
        return json.dumps({**alert.as_json(), "told": self.sentence(alert)})

    def sentence(self, alert: Alert) -> str:
        """What happened, without a value unless values are wanted."""
        if self.values or alert.vital is None:
            return alert.text
        side = {HIGH: "above", LOW: "below"}.get(alert.cause, "outside")
        return f"{KINDS[alert.vital].label} is {side} its limit."

    def gone(self, alert: Mapping[str, Any]) -> bool:
        """Whether the alert is about a patient who is not there any more."""
        return alert["patient"] is not None and self.name_of(alert["patient"]) is None

    def mail(self, id: str, to: str, event: str, alert: Mapping[str, Any]) -> Mail:
        """The mail about an alert, as :meth:`body` kept it."""
        about = self._about(alert)
        subject = f"{self.site_name}: {alert['severity']} alert, {about}"
        lines = [
            f"{about}: {_WORDS[event]}{alert['told']}", "",
            f"Since {self._when(alert['raised_at'])}.", f"See {self.link(alert)}", "",
            "To acknowledge, snooze or cancel it, open that page.",
            "This is not a medical device. Don't rely on it alone.",
        ]
        return Mail(id, to, subject, "\n".join(lines) + "\n")

    def call(self, id: str, event: str, alert: Mapping[str, Any]) -> dict[str, Any]:
        """What a webhook is sent."""
        shown = {name: value for name, value in alert.items() if name != "told"}
        if not self.values and alert["vital"] is not None:
            shown = {name: value for name, value in shown.items() if name not in _VALUES}
        patient = alert["patient"]
        return {
            "id": id, "event": event, "text": f"{self._about(alert)}: {alert['told']}",
            "alert": shown, "link": self.link(alert), "site": self.site_name,
            "patient": patient and {"id": patient, "name": self.name_of(patient)},
        }

    def link(self, alert: Mapping[str, Any]) -> str:
        """The page to open."""
        patient = alert["patient"]
        page = "/devices" if patient is None else f"/health/{patient}"
        return self.address().rstrip("/") + page

    def _when(self, raised_at: str) -> str:
        local = datetime.fromisoformat(raised_at).astimezone(ZoneInfo(self.timezone))
        return f"{local.day} {local:%B %Y, %H:%M} ({self.timezone})"

    def _about(self, alert: Mapping[str, Any]) -> str:
        if alert["patient"] is None:
            return f"device {alert['device']}" if alert["device"] else self.site_name
        return self.name_of(alert["patient"]) or "a patient"

    def test_mail(self, id: str, to: str) -> Mail:
        """The mail that an admin asks for."""
        text = f"This is a test. Alerts of {self.site_name} ({self.address()}) come here.\n"
        return Mail(id, to, f"{self.site_name}: test of alerts", text)

    def test_call(self, id: str) -> dict[str, Any]:
        """The call that an admin asks for."""
        return {
            "id": id, "event": TEST, "text": f"This is a test of {self.site_name}.",
            "alert": None, "link": self.address(), "site": self.site_name, "patient": None,
        }
